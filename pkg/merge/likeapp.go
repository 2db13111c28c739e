package merge

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// ResolveLikeApp returns the answers with all containers of likeApp filled in. They get
// what the app will have after all sidecars are applied, such as a redirect to a tunnel or
// the files of a secret. So a second run over the result gives the same.
func ResolveLikeApp(w *sidecar.Workload, answers []sidecar.Answer) ([]sidecar.Answer, sidecar.Findings) {
	out, fs := answers, sidecar.Findings(nil)
	for i := range answers {
		a := &answers[i]
		if len(a.Change.LikeApp) == 0 {
			continue
		}
		if &out[0] == &answers[0] {
			out = slices.Clone(answers)
		}
		c := a.Change.Clone()
		app := appAfter(w, a.App, answers)
		for _, name := range a.Change.LikeApp {
			found := false
			for own := range c.AllContainers() {
				if own.Name == name {
					sidecar.InheritFrom(own, &app)
					found = true
				}
			}
			if !found {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "container-missing", Object: w.Ref, Sidecar: a.Name,
					Message: fmt.Sprintf("likeApp: the sidecar has no container named %s", name),
					Hint:    "use the name of one of its containers"})
			}
		}
		out[i].Change = c
	}
	return out, fs
}

// appAfter returns a container of the app as it will be after all sidecars are applied.
// It drops findings: Edits reports them.
func appAfter(w *sidecar.Workload, c *corev1.Container, answers []sidecar.Answer) corev1.Container {
	f := newFlattener(w)
	f.flattenApps(answers)
	out := *w
	out.Pod = *w.Pod.DeepCopy()
	applyEdits(&out.Pod, w.Template, f.edits)
	return *out.Container(c.Name)
}
