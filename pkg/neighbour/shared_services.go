package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkSharedServices finds Services that also select pods without the sidecar. Requests that reach those would fail,
// at random.
func checkSharedServices(s *scene, r *Result) {
	byNamespace := map[string][]*servicePort{}
	for _, ref := range s.tlsServices {
		seen := map[int32]bool{}
		for i := range s.tlsPorts[ref] {
			if sp := &s.tlsPorts[ref][i]; !seen[sp.port.Port] { // the first of its workloads
				seen[sp.port.Port] = true
				byNamespace[ref.Namespace] = append(byNamespace[ref.Namespace], sp)
			}
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		ports := byNamespace[namespace]
		for _, f := range s.footprints {
			for _, sp := range ports {
				if slices.Contains(f.plainPorts, plainPort{sp.service.Ref, sp.port.Port}) {
					sp.reportShared(f.Ref, r)
				}
			}
		}
		words := selectorWords(ports)
		s.Pods(namespace, func(word string) bool { return words[word] }, func(ref sidecar.Ref, pod *corev1.PodTemplateSpec) {
			for _, sp := range ports {
				selects := sidecar.LabelsMatch(sp.service.Spec.Selector, pod.Labels)
				if selects && (&sidecar.Workload{Pod: *pod}).TargetPort(sp.port) != 0 {
					sp.reportShared(ref, r)
				}
			}
		})
	}
}

// selectorWords returns the values of the Services' selectors, up to an underscore, where a word ends.
func selectorWords(ports []*servicePort) map[string]bool {
	words := map[string]bool{}
	for _, sp := range ports {
		for _, value := range sp.service.Spec.Selector {
			word, _, _ := strings.Cut(value, "_")
			words[word] = true
		}
	}
	return words
}

// reportShared warns that the Service also selects a workload whose pods don't speak TLS.
func (sp *servicePort) reportShared(ref sidecar.Ref, r *Result) {
	sp.addWarning(r, "service-mixed", sp.service.Ref, "",
		fmt.Sprintf("port %d speaks TLS now, but the Service also leads to %s, which doesn't", sp.port.Port, ref),
		"select that workload, too, or give it a Service of its own")
}
