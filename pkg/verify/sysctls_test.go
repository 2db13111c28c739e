package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// What a pod shares with the node isn't its own to set.
func TestSysctlsOfTheNode(t *testing.T) {
	answers := []sidecar.Answer{{Name: "a", App: &corev1.Container{},
		Change: &sidecar.Change{Pod: sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: "net/core/somaxconn"},
			{Name: "kernel.sem"}}}}}}
	w := &sidecar.Workload{}
	require.Empty(t, verify.Check(w, answers))
	w.Pod.Spec.HostNetwork = true
	require.ErrorContains(t, verify.Check(w, answers),
		"net/core/somaxconn would change the node, since the pod has hostNetwork")
	require.Len(t, verify.Check(w, answers), 1)
	w.Pod.Spec.HostIPC = true
	require.Len(t, verify.Check(w, answers), 2)
}
