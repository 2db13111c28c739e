package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

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

// The only port of a Service gets the name of the pod's port, to which it leads by its name or its number: a proxy that
// is there already has taken the number with the name.
func TestFirstPortName(t *testing.T) {
	for name, c := range map[string]struct {
		target intstr.IntOrString
		inits  []corev1.Container
		want   string
	}{
		"a name":   {intstr.FromString("http"), nil, "http"},
		"a number": {intstr.FromInt32(8080), nil, "web"},
		"no target": {intstr.IntOrString{}, []corev1.Container{{Name: "proxy",
			Ports: []corev1.ContainerPort{{Name: "tls", ContainerPort: 80}}}}, "tls"},
		"a proxy's": {intstr.FromInt32(9200), []corev1.Container{{Name: "proxy",
			Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 9200}}}}, "http"},
		"nobody's":         {intstr.FromInt32(9999), nil, "port-80"},
		"another protocol": {intstr.FromInt32(53), nil, "port-80"},
	} {
		t.Run(name, func(t *testing.T) {
			w := sidecartest.Workload()
			w.Pod.Spec.InitContainers = c.inits
			w.Pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "web", ContainerPort: 8080},
				{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}}
			w.Services = []sidecar.Service{{Ref: sidecar.Ref{Kind: "Service", Name: "web"},
				Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80, TargetPort: c.target}}}}}
			more := []sidecar.ServicePort{{ServicePort: corev1.ServicePort{Name: "more", Port: 90}}}
			edits, fs := merge.Edits(w, []sidecar.Answer{sidecartest.Answer(w, "x", &sidecar.Change{ServicePorts: more})})
			require.Empty(t, fs)
			require.Equal(t, "spec.ports[port=80].name", edits[0].Path.String())
			require.Equal(t, c.want, edits[0].Value)
		})
	}
}
