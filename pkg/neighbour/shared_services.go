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
	spaces := map[string][]*lead{}
	for _, ref := range s.refs {
		seen := map[int32]bool{}
		for i := range s.services[ref] {
			if l := &s.services[ref][i]; !seen[l.port.Port] { // of one of its workloads
				seen[l.port.Port] = true
				spaces[ref.Namespace] = append(spaces[ref.Namespace], l)
			}
		}
	}
	for _, space := range slices.Sorted(maps.Keys(spaces)) {
		words := map[string]bool{}
		for _, l := range spaces[space] {
			for _, v := range l.service.Spec.Selector {
				v, _, _ = strings.Cut(v, "_") // where words end
				words[v] = true
			}
		}
		tell := func(l *lead, ref sidecar.Ref) {
			r.find(l.finding(sidecar.Warning, "service-mixed", l.service.Ref, "",
				fmt.Sprintf("port %d speaks TLS now, but leads to %s as well, which doesn't", l.port.Port, ref),
				"select that one, too, or give it a Service of its own"))
		}
		for _, w := range s.served {
			for _, l := range spaces[space] {
				if slices.Contains(w.plain[l.service.Ref], l.port.Port) {
					tell(l, w.Ref)
				}
			}
		}
		s.Pods(space, func(word string) bool { return words[word] }, func(ref sidecar.Ref, pod *corev1.PodTemplateSpec) {
			for _, l := range spaces[space] {
				if sidecar.LabelsMatch(l.service.Spec.Selector, pod.Labels) && target(&sidecar.Workload{Pod: *pod}, l.port) != 0 {
					tell(l, ref)
				}
			}
		})
	}
}
