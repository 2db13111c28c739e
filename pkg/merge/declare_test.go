package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Ports are declared once, and only in the containers that are served. A port for UDP is another one.
func TestDeclarePorts(t *testing.T) {
	spec := corev1.PodSpec{Containers: []corev1.Container{
		{Name: "app", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 80},
			{ContainerPort: 81, Protocol: corev1.ProtocolUDP}}},
		{Name: "other"}}}
	answer := sidecar.Answer{App: &spec.Containers[0],
		Change: &sidecar.Change{App: sidecar.App{Ports: []int32{80, 81}}}}
	merge.DeclarePorts(&spec, []sidecar.Answer{answer, answer})
	require.Equal(t, []corev1.ContainerPort{{Name: "http", ContainerPort: 80},
		{ContainerPort: 81, Protocol: corev1.ProtocolUDP}, {ContainerPort: 81}}, spec.Containers[0].Ports)
	require.Empty(t, spec.Containers[1].Ports)
}
