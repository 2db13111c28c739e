package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// A needed variable may come from the container, from any sidecar, or from where nobody can look.
func TestNeededEnv(t *testing.T) {
	variable := func(name, value string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: value} }
	for name, c := range map[string]struct {
		app  corev1.Container
		more sidecar.Change // of another sidecar
		want int
	}{
		"nowhere":               {corev1.Container{Env: []corev1.EnvVar{variable("OTHER", "x")}}, sidecar.Change{}, 1},
		"in the container":      {corev1.Container{Env: []corev1.EnvVar{variable("TO", "x")}}, sidecar.Change{}, 0},
		"in a text":             {corev1.Container{Env: []corev1.EnvVar{variable("OPTS", "a -Dto=b")}}, sidecar.Change{}, 0},
		"in an argument":        {corev1.Container{Args: []string{"-Dto=b"}}, sidecar.Change{}, 0},
		"where nobody can look": {corev1.Container{EnvFrom: []corev1.EnvFromSource{{}}}, sidecar.Change{}, 0},
		"by another sidecar": {corev1.Container{},
			sidecar.Change{App: sidecar.App{Env: []sidecar.EnvVar{{EnvVar: variable("TO", "x")}}}}, 0},
		"its default listens": {corev1.Container{},
			sidecar.Change{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{{ContainerPort: 4318}}}}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := &sidecar.Workload{Template: sidecar.Fields("spec", "template")}
			c.app.Name = "app"
			w.Pod.Spec.Containers = []corev1.Container{c.app}
			w.App = &w.Pod.Spec.Containers[0]
			need := sidecar.EnvNeed{Names: []string{"TO"}, Or: "-Dto", Ports: []int32{4318},
				Finding: sidecar.Finding{Severity: sidecar.Warning, Code: "missing"}}
			fs := verify.Check(w, []sidecar.Answer{
				{Name: "agent", App: w.App, Change: &sidecar.Change{NeedsEnv: []sidecar.EnvNeed{need}}},
				{Name: "more", App: w.App, Placement: sidecar.Beside, Change: &c.more},
			})
			require.Len(t, fs, c.want, "%v", fs)
		})
	}
}
