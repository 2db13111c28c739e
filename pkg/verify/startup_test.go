package verify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// Who needs a sidecar that starts later waits for ever, be it the manifest's or
// another sidecar's; what runs beside it doesn't.
func TestStartupDeadlock(t *testing.T) {
	inits := func() []corev1.Container {
		return []corev1.Container{
			{Name: "by-env", Env: sidecartest.PlainVars("HOST=db")},
			{Name: "by-value", Env: sidecartest.PlainVars("URL=tcp://127.0.0.1:6379/0")},
			{Name: "by-args", Args: []string{"-x", "localhost:6379"}},
			{Name: "by-command", Command: []string{"ping", "127.0.0.1:6379"}},
			{Name: "other-port", Args: []string{"127.0.0.1:63790", "127.0.0.1:9201"}},
		}
	}
	way := &sidecar.Change{
		Containers: []corev1.Container{{Name: "way"}}, App: sidecartest.Redirecting("HOST=127.0.0.1"),
		Takeovers: []sidecar.Takeover{{Port: 9200, AppPort: 9201}},
		Claims:    []sidecar.Claim{{Port: 6379}, {Port: 9201}},
	}
	deadlocks := func(w *sidecar.Workload, all ...sidecar.Answer) (said []string) {
		for _, f := range verify.Check(w, all) {
			if f.Code == "startup-deadlock" {
				require.Equal(t, all[0].Placement == sidecar.Native, f.Severity == sidecar.Warning)
				said = append(said, f.Message)
			}
		}
		return said
	}
	why := func(name, at string) string {
		return "init container " + name + " refers to the sidecar in " + at +
			", but ordinary containers start only after all init containers have ended"
	}
	want := []string{why("by-env", "HOST"), why("by-value", "URL"), why("by-args", "args"), why("by-command", "command")}

	w := sidecartest.Workload()
	w.Pod.Spec.InitContainers = append(inits(), corev1.Container{Name: "agent",
		RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Env: sidecartest.PlainVars("HOST=db")})
	a := sidecartest.Answer(w, "way", way)
	a.Placement = sidecar.Beside
	require.Equal(t, want, deadlocks(w, a))
	a.Placement = sidecar.Native
	for i, said := range deadlocks(w, a) { // whether what the manifest's own need is used by then isn't sure
		late := strings.Replace(want[i], "ordinary containers start only after all init containers have ended",
			"starts earlier", 1)
		require.Equal(t, late, said)
	}

	w = sidecartest.Workload()
	a.Placement = sidecar.Beside
	others := sidecartest.Answer(w, "others", &sidecar.Change{InitContainers: inits(),
		Containers: []corev1.Container{{Name: "runs", Env: sidecartest.PlainVars("HOST=db")}}})
	require.Equal(t, want, deadlocks(w, a, others))
	w.Pod.Spec.InitContainers = inits() // after an earlier run
	require.Equal(t, want, deadlocks(w, a, others))
}
