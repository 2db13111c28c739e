package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

func TestServicePortNumbers(t *testing.T) {
	w := sidecartest.Workload()
	w.Services = []sidecar.Service{{Ref: sidecar.Ref{Kind: "Service", Name: "web"},
		Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
			{Name: "http", Port: 80}, {Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}, {Port: 81},
		}}}}
	check := func(ports ...corev1.ServicePort) []string {
		var all []sidecar.Answer
		for _, p := range ports {
			all = append(all, sidecartest.Answer(w, "x", &sidecar.Change{ServicePorts: []sidecar.ServicePort{{ServicePort: p}}}))
		}
		var found []string
		_, fs := merge.Edits(w, all)
		for _, f := range fs {
			found = append(found, f.String())
		}
		return found
	}
	require.Empty(t, check(corev1.ServicePort{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}), "an earlier run's")
	require.Empty(t, check(corev1.ServicePort{Name: "dns-tcp", Port: 53}, corev1.ServicePort{Name: "dns-tcp", Port: 53}),
		"another protocol; twice the same")
	require.Equal(t, []string{"Service web spec.ports: x: adds web as port 80/TCP, but the manifest has http " +
		"there; give one of them another number"},
		check(corev1.ServicePort{Name: "web", Port: 80}))
	require.Equal(t, []string{"Service web spec.ports: x: adds web as port 81/TCP, but the manifest has one " +
		"without a name there; give one of them another number"},
		check(corev1.ServicePort{Name: "web", Port: 81}))
	require.Len(t, check(corev1.ServicePort{Name: "a", Port: 90}, corev1.ServicePort{Name: "b", Port: 90}), 1,
		"two sidecars")
}
