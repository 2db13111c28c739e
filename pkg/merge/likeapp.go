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
		app := finally(w, a.App, asked)
		for _, name := range a.Change.LikeApp {
			found := false
			for _, list := range [][]corev1.Container{c.InitContainers, c.Containers} {
				for j := range list {
					if list[j].Name == name {
						sidecar.Liken(&list[j], &app)
						found = true
					}
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

// finally is a container of the app as it will be: what sidecars want of it is laid
// on the typed form in the way in which the text gets it. What is wrong with their
// wishes is said where they're laid on.
func finally(w *sidecar.Workload, c *corev1.Container, asked []sidecar.Answer) corev1.Container {
	out := *c.DeepCopy()
	f := flattener{w: w, spec: w.Template.To("spec")}
	f.apps(asked)
	at := f.container(c.Name)
	for _, e := range f.edits {
		if len(e.Path) <= len(at)+1 || !slices.Equal(e.Path[:len(at)], at) {
			continue
		}
		key := e.Path[len(at)+1].Value
		switch v := e.Value.(type) {
		case corev1.EnvVar:
			if !slices.ContainsFunc(out.Env, func(have corev1.EnvVar) bool { return have.Name == key }) {
				i := slices.IndexFunc(out.Env, func(have corev1.EnvVar) bool { return e.Before != "" && have.Name == e.Before })
				if i < 0 {
					i = len(out.Env)
				}
				out.Env = slices.Insert(out.Env, i, v)
			}
		case corev1.VolumeMount:
			if !slices.ContainsFunc(out.VolumeMounts, func(have corev1.VolumeMount) bool { return have.MountPath == key }) {
				out.VolumeMounts = append(out.VolumeMounts, v)
			}
		case string: // of a variable that is there
			for i := range out.Env {
				if out.Env[i].Name == key && e.Path[len(at)].Field == "env" {
					out.Env[i].Value, out.Env[i].ValueFrom = v, nil
				}
			}
		}
	}
	return out
}
