package neighbour

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// checkReach finds pods of other workloads that a policy selects which this run emits
// for its own: labels may be shared. There it opens what others have closed, which is
// an error, or closes what is open.
func (s *scene) checkReach(walls map[string]*policyIndex, r *Result) {
	for _, space := range s.namespaces {
		asked := map[string]bool{} // values of labels
		emitted := false
		for _, w := range s.footprints {
			for _, p := range w.policies {
				emitted = emitted || w.Ref.Namespace == space
				asked[selectorKey(&p.spec.PodSelector).value] = true
			}
		}
		if !emitted {
			continue
		}
		bearers := map[label][]*Footprint{}
		bear := func(w *Footprint) {
			bearers[label{}] = append(bearers[label{}], w)
			for key, value := range w.Labels {
				if asked[value] && !netpol.IsWrittenLater(key) && key != "" {
					bearers[label{key, value}] = append(bearers[label{key, value}], w)
				}
			}
		}
		s.Pods(space, func(value string) bool { return asked[value] || asked[""] },
			func(ref sidecar.Ref, pod *corev1.PodTemplateSpec) {
				bear(&Footprint{Ref: ref, Labels: pod.Labels, ports: declaredPorts(pod.Spec.Containers, pod.Spec.InitContainers)})
			})
		for _, w := range s.footprints {
			if w.Ref.Namespace == space {
				bear(w)
			}
		}
		for _, w := range s.footprints {
			for _, p := range w.policies {
				if w.Ref.Namespace != space {
					continue
				}
				for _, other := range bearers[selectorKey(&p.spec.PodSelector)] {
					if other != w && netpol.Isolates(p.spec, other.Labels) != netpol.No {
						w.checkPolicyOn(p, other, walls[space].policiesSelecting(other.Labels), r)
					}
				}
			}
		}
	}
}

// checkPolicyOn looks at another workload whose pods one of this one's policies selects.
func (s *Footprint) checkPolicyOn(p networkPolicy, other *Footprint, all []networkPolicy, r *Result) {
	const way = "give the pods of both labels of their own by which they're selected"
	standing := slices.DeleteFunc(all, func(q networkPolicy) bool { return q.emitter != nil && q.emitter != other })
	if len(standing) == 0 {
		if shut := closedPorts(p.spec, other); len(shut) > 0 {
			r.addFindings(s.taken[0].newFinding(sidecar.Warning, "network-policy-reach", p.ref, "spec.podSelector",
				fmt.Sprintf("selects the pods of %s too, and closes %s there", other.Ref, listPorts(shut)), way))
		}
		return
	}
	for _, rule := range p.spec.Ingress {
		if !isLetInAlready(standing, &rule, other) {
			r.addFindings(s.taken[0].newFinding(sidecar.Error, "network-policy-reach", p.ref, "spec.podSelector",
				fmt.Sprintf("selects the pods of %s too, and opens there what %s closes", other.Ref, standing[0].ref), way))
			return
		}
	}
}

// isLetInAlready reports whether all that a rule lets in on pods is let in already, for everybody,
// or comes in by a sidecar's port.
func isLetInAlready(all []networkPolicy, rule *networkingv1.NetworkPolicyIngressRule, pods *Footprint) bool {
	everybody := func(port *networkingv1.NetworkPolicyPort) bool {
		return slices.ContainsFunc(all, func(p networkPolicy) bool {
			return slices.ContainsFunc(p.spec.Ingress, func(have networkingv1.NetworkPolicyIngressRule) bool {
				return len(have.From) == 0 && netpol.Contains(have.Ports, port)
			})
		})
	}
	return len(rule.Ports) > 0 && !slices.ContainsFunc(rule.Ports, func(port networkingv1.NetworkPolicyPort) bool {
		door := port.Port != nil && port.Port.Type == intstr.Int && port.EndPort == nil && slices.ContainsFunc(pods.taken,
			func(t *takenPort) bool {
				return netpol.Covers([]networkingv1.NetworkPolicyPort{port}, nil, netpol.Port{Number: t.Port})
			})
		return !door && !everybody(&port)
	})
}

// closedPorts are the ports that pods declare and a policy lets nobody in on, but those of
// an app that is reached through a sidecar only.
func closedPorts(spec *networkPolicySpec, pods *Footprint) (out []int32) {
	for _, port := range pods.ports {
		let := slices.ContainsFunc(spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
			return netpol.Covers(rule.Ports, pods.ports, netpol.Port{Protocol: port.Protocol, Number: port.ContainerPort})
		})
		behind := slices.ContainsFunc(pods.taken, func(t *takenPort) bool {
			return !t.MovesApp() && t.AppPort == port.ContainerPort
		})
		if !let && !behind {
			out = append(out, port.ContainerPort)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// listPorts names ports, as in "port 80" or "ports 80, 443".
func listPorts(ports []int32) string {
	text := "port"
	if len(ports) > 1 {
		text = "ports"
	}
	for i, p := range ports {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %d", p)
	}
	return text
}
