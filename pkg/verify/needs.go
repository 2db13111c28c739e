package verify

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkNeededEnv finds variables that a sidecar's work depends on, and that neither the manifest nor any sidecar sets.
func checkNeededEnv(w *sidecar.Workload, answers []sidecar.Answer) (fs sidecar.Findings) {
	for i := range answers {
		a := &answers[i]
		for _, need := range a.Change.NeedsEnv {
			if declaresOneOf(w, answers, need.Ports) {
				continue
			}
			for _, c := range a.ServedApps() {
				if !meetsNeed(w.Container(c.Name), answers, &need) {
					f := need.Finding
					f.Object, f.Sidecar, f.Field = w.Ref, a.Name, w.ContainerPath(c.Name).To("env").String()
					fs = append(fs, f)
				}
			}
		}
	}
	return fs
}

// meetsNeed reports whether a container has what is needed. What envFrom holds isn't known, and may be that.
func meetsNeed(c *corev1.Container, answers []sidecar.Answer, need *sidecar.EnvNeed) bool {
	if c == nil || len(c.EnvFrom) > 0 {
		return true
	}
	fits := func(v corev1.EnvVar) bool {
		return slices.Contains(need.Names, v.Name) || need.Or != "" && strings.Contains(v.Value, need.Or)
	}
	if slices.ContainsFunc(c.Env, fits) {
		return true
	}
	for _, word := range slices.Concat(c.Command, c.Args) {
		if need.Or != "" && strings.Contains(word, need.Or) {
			return true
		}
	}
	return slices.ContainsFunc(answers, func(a sidecar.Answer) bool {
		return a.Serves(c.Name) &&
			slices.ContainsFunc(a.Change.App.Env, func(v sidecar.EnvVar) bool { return fits(v.EnvVar) })
	})
}

func declaresOneOf(w *sidecar.Workload, answers []sidecar.Answer, ports []int32) bool {
	declares := func(c *corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool {
			return slices.Contains(ports, p.ContainerPort)
		})
	}
	for c := range w.AllContainers() {
		if declares(c) {
			return true
		}
	}
	for i := range answers {
		for c := range answers[i].Change.AllContainers() {
			if declares(c) {
				return true
			}
		}
	}
	return false
}
