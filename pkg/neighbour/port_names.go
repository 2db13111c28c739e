package neighbour

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkPortNames finds ports of Services that lead to a name which no container has, not even one of the sidecars. Such
// a port has no endpoints, which nothing else reports.
func checkPortNames(s *scene, r *Result) {
	w := s.workload
	names := map[string]bool{}
	for c := range w.AllContainers() {
		for _, p := range c.Ports {
			names[p.Name] = true
		}
	}
	for _, a := range s.answers {
		for i := range a.Change.Containers {
			for _, p := range a.Change.Containers[i].Ports {
				names[p.Name] = true
			}
		}
	}
	for _, s := range w.Services {
		for _, p := range s.Spec.Ports {
			name := p.TargetPort.StrVal
			if p.TargetPort.Type != intstr.String || name == "" || names[name] || strings.Trim(name, "0123456789") == "" {
				continue
			}
			r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "port-name-dangling", Object: s.Ref,
				Message: fmt.Sprintf("port %d leads to a port named %s, which no container of %s has", p.Port, name, w.Ref),
				Hint:    "correct the name, or declare the port"})
		}
	}
}
