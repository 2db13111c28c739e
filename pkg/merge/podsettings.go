package merge

import (
	"reflect"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WithPodSettings returns the view with the settings of the whole pod that sidecars set and
// that other sidecars depend on: fsGroup, sysctls, the grace period, and whether processes
// see each other. So patterns get the same view in the first run as in a second one. It
// returns nil if the pod has all of them already. Values of the manifest stay.
func WithPodSettings(w *sidecar.Workload, answers []sidecar.Answer) *sidecar.Workload {
	if !slices.ContainsFunc(answers, func(a sidecar.Answer) bool {
		return !reflect.DeepEqual(a.Change.Pod, sidecar.Pod{})
	}) {
		return nil // most sidecars set nothing
	}
	f := newFlattener(w)
	f.flatten(answers, func(fd *field) bool { return fd.shared })
	out := *w
	out.Pod = *w.Pod.DeepCopy()
	applyEdits(&out.Pod, w.Template, f.edits)
	if reflect.DeepEqual(w.Pod, out.Pod) {
		return nil
	}
	return &out
}
