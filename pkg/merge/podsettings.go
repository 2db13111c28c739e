package merge

import (
	"reflect"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WithPodSettings is the view in which the pod has what sidecars want of it as a whole
// and what others go by: its group, kernel settings, how long it has to end, whether
// processes see each other. So they do in a first run what they'd do in a second one.
// It's nil where the pod has all of it. What two want otherwise is a conflict anyway;
// what the manifest has stays.
func WithPodSettings(w *sidecar.Workload, asked []sidecar.Answer) *sidecar.Workload {
	if !slices.ContainsFunc(asked, func(a sidecar.Answer) bool {
		return !reflect.DeepEqual(a.Change.Pod, sidecar.Pod{})
	}) {
		return nil // most want nothing
	}
	f := newFlattener(w)
	f.flatten(asked, func(fd *field) bool { return fd.shared })
	out := *w
	out.Pod = *w.Pod.DeepCopy()
	Apply(&out.Pod, w.Template, f.edits)
	if reflect.DeepEqual(w.Pod, out.Pod) {
		return nil
	}
	return &out
}
