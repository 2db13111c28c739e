package merge

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// DeclarePorts adds the ports that answers declare to the containers that they serve. So
// patterns and checks get the same view in the first run as in a second one.
func DeclarePorts(spec *corev1.PodSpec, answers []sidecar.Answer) {
	for i := range answers {
		ports := answers[i].Change.App.Ports
		if len(ports) == 0 {
			continue
		}
		served := map[string]bool{}
		for _, c := range answers[i].ServedApps() {
			served[c.Name] = true
		}
		for c := range sidecar.PodContainers(spec) {
			for _, port := range ports {
				if served[c.Name] && !sidecar.DeclaresPort(c, port) {
					c.Ports = append(c.Ports, corev1.ContainerPort{ContainerPort: port})
				}
			}
		}
	}
}
