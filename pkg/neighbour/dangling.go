package neighbour

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// dangling finds ports of Services that lead to a name which no container has,
// with the sidecars' own: the Service has no endpoints there, and nobody says so.
func dangling(w *sidecar.Workload, asked []sidecar.Answer) (_ []sidecar.Edit, fs sidecar.Findings) {
	names := map[string]bool{}
	take := func(list []corev1.Container) {
		for _, c := range list {
			for _, p := range c.Ports {
				names[p.Name] = true
			}
		}
	}
	take(w.Pod.Spec.Containers)
	take(w.Pod.Spec.InitContainers)
	for _, a := range asked {
		take(a.Change.Containers)
	}
	for _, s := range w.Services {
		for _, p := range s.Spec.Ports {
			name := p.TargetPort.StrVal
			if p.TargetPort.Type != intstr.String || name == "" || names[name] || strings.Trim(name, "0123456789") == "" {
				continue
			}
			fs = append(fs, sidecar.Finding{Severity: sidecar.Warning, Code: "port-name-dangling", Object: s.Ref,
				Message: fmt.Sprintf("port %d leads to a port named %s, which no container of %s has", p.Port, name, w.Ref), Hint: "correct the name, or declare the port"})
		}
	}
	return nil, fs
}
