package merge

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Likened gives what is asked with all containers that run the app's program
// filled in. They get what the app will have when all sidecars are laid on: the way
// through a tunnel, the files of a secret. So a run over the result reads the same.
func Likened(w *sidecar.Workload, asked []sidecar.Answer) ([]sidecar.Answer, sidecar.Findings) {
	out, fs := asked, sidecar.Findings(nil)
	for i := range asked {
		a := &asked[i]
		if len(a.Change.LikeApp) == 0 {
			continue
		}
		if &out[0] == &asked[0] {
			out = slices.Clone(asked)
		}
		c := a.Change.Clone()
		app := appAfter(w, a.App, asked)
		for _, name := range a.Change.LikeApp {
			found := false
			for own := range c.AllContainers() {
				if own.Name == name {
					sidecar.Liken(own, &app)
					found = true
				}
			}
			if !found {
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "container-missing", Object: w.Ref, Sidecar: a.Name,
					Message: fmt.Sprintf("likeApp: the sidecar has no container named %s", name), Hint: "name one of its own"})
			}
		}
		out[i].Change = c
	}
	return out, fs
}

// appAfter is a container of the app as it will be: what sidecars want of it is laid on.
// What is wrong with their wishes is said where the text gets them.
func appAfter(w *sidecar.Workload, c *corev1.Container, asked []sidecar.Answer) corev1.Container {
	f := newFlattener(w)
	f.apps(asked)
	out := *w
	out.Pod = *w.Pod.DeepCopy()
	Apply(&out.Pod, w.Template, f.edits)
	return *out.Container(c.Name)
}
