package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkSharedServices finds Services that lead to other pods as well, which speak as they did:
// one request of two would fail, and nothing but chance tells which.
func checkSharedServices(s *scene, r *Result) {
	spaces := map[string][]*servicePort{}
	for _, ref := range s.tlsServices {
		seen := map[int32]bool{}
		for i := range s.tlsPorts[ref] {
			if sp := &s.tlsPorts[ref][i]; !seen[sp.port.Port] { // of one of its workloads
				seen[sp.port.Port] = true
				spaces[ref.Namespace] = append(spaces[ref.Namespace], sp)
			}
		}
	}
	for _, space := range slices.Sorted(maps.Keys(spaces)) {
		words := map[string]bool{}
		for _, sp := range spaces[space] {
			for _, v := range sp.service.Spec.Selector {
				v, _, _ = strings.Cut(v, "_") // where words end
				words[v] = true
			}
		}
		tell := func(sp *servicePort, ref sidecar.Ref) {
			r.addFindings(sp.newFinding(sidecar.Warning, "service-mixed", sp.service.Ref, "",
				fmt.Sprintf("port %d speaks TLS now, but leads to %s as well, which doesn't", sp.port.Port, ref),
				"select that one, too, or give it a Service of its own"))
		}
		for _, w := range s.footprints {
			for _, sp := range spaces[space] {
				if slices.Contains(w.plainPorts[sp.service.Ref], sp.port.Port) {
					tell(sp, w.Ref)
				}
			}
		}
		s.Pods(space, func(word string) bool { return words[word] }, func(ref sidecar.Ref, pod *corev1.PodTemplateSpec) {
			for _, sp := range spaces[space] {
				if sidecar.LabelsMatch(sp.service.Spec.Selector, pod.Labels) && targetPort(&sidecar.Workload{Pod: *pod}, sp.port) != 0 {
					tell(sp, ref)
				}
			}
		})
	}
}
