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

// checkReach finds pods of other workloads that a policy of this run selects, too, because they share labels. It's an
// error if the policy opens ports there that others close, and a warning if it closes ports that are open.
func (s *scene) checkReach(indexes map[string]*policyIndex, r *Result) {
	for _, namespace := range s.namespaces {
		values := map[string]bool{} // of labels that emitted policies select; "" for a policy without such a label
		emitted := false
		for _, f := range s.footprints {
			for _, p := range f.policies {
				emitted = emitted || f.Ref.Namespace == namespace
				values[selectorKey(&p.spec.PodSelector).value] = true
			}
		}
		if !emitted {
			continue
		}
		workloads := s.workloadsByLabel(namespace, values)
		for _, f := range s.footprints {
			if f.Ref.Namespace != namespace {
				continue
			}
			for _, p := range f.policies {
				for _, other := range workloads[selectorKey(&p.spec.PodSelector)] {
					if other != f && netpol.Isolates(p.spec, other.Labels) != netpol.No {
						f.checkPolicyOn(other, p, indexes[namespace].policiesSelecting(other.Labels, netpol.Isolates), r)
					}
				}
			}
		}
	}
}

// workloadsByLabel returns the workloads of a namespace by their labels with one of the values. All of them are under
// the empty label, too.
func (s *scene) workloadsByLabel(namespace string, values map[string]bool) map[label][]*Footprint {
	out := map[label][]*Footprint{}
	add := func(f *Footprint) {
		out[label{}] = append(out[label{}], f)
		for key, value := range f.Labels {
			if values[value] && !netpol.IsWrittenLater(key) && key != "" {
				out[label{key, value}] = append(out[label{key, value}], f)
			}
		}
	}
	s.Pods(namespace, func(value string) bool { return values[value] || values[""] },
		func(ref sidecar.Ref, pod *corev1.PodTemplateSpec) {
			ports := declaredPorts(pod.Spec.Containers, pod.Spec.InitContainers)
			add(&Footprint{Ref: ref, Labels: pod.Labels, ports: ports})
		})
	for _, f := range s.footprints {
		if f.Ref.Namespace == namespace {
			add(f)
		}
	}
	return out
}

// checkPolicyOn checks the effect that a policy emitted for this workload has on another one, among all policies that
// select the other one's pods.
func (f *Footprint) checkPolicyOn(other *Footprint, p networkPolicy, all []networkPolicy, r *Result) {
	others := slices.DeleteFunc(all, func(q networkPolicy) bool { return q.emitter != nil && q.emitter != other })
	if len(others) == 0 {
		if ports := closedPorts(p.spec, other); len(ports) > 0 {
			f.taken[0].addWarning(r, "network-policy-reach", p.ref, "spec.podSelector",
				fmt.Sprintf("also selects the pods of %s and closes %s there", other.Ref, listPorts(ports)), ownLabels)
		}
		return
	}
	for _, rule := range p.spec.Ingress {
		if !isAllowedAlready(others, &rule, other) {
			r.addFindings(f.taken[0].newFinding(sidecar.Error, "network-policy-reach", p.ref, "spec.podSelector",
				fmt.Sprintf("also selects the pods of %s and allows there what %s doesn't", other.Ref, others[0].ref), ownLabels))
			return
		}
	}
}

// isAllowedAlready reports whether other policies of the pods let everybody in on all ports of a rule, except for ports
// where a sidecar listens.
func isAllowedAlready(all []networkPolicy, rule *networkingv1.NetworkPolicyIngressRule, pods *Footprint) bool {
	letsEverybodyIn := func(port *networkingv1.NetworkPolicyPort) bool {
		return slices.ContainsFunc(all, func(p networkPolicy) bool {
			return slices.ContainsFunc(p.spec.Ingress, func(have networkingv1.NetworkPolicyIngressRule) bool {
				return len(have.From) == 0 && netpol.Contains(have.Ports, port)
			})
		})
	}
	return len(rule.Ports) > 0 && !slices.ContainsFunc(rule.Ports, func(port networkingv1.NetworkPolicyPort) bool {
		return !pods.hasSidecarOn(port) && !letsEverybodyIn(&port)
	})
}

// hasSidecarOn reports whether a rule's port is a single number on which a sidecar of the pods listens.
func (f *Footprint) hasSidecarOn(port networkingv1.NetworkPolicyPort) bool {
	if port.Port == nil || port.Port.Type != intstr.Int || port.EndPort != nil {
		return false
	}
	return slices.ContainsFunc(f.taken, func(t *takenPort) bool {
		return netpol.Covers([]networkingv1.NetworkPolicyPort{port}, nil, netpol.Port{Number: t.Port})
	})
}

// closedPorts returns the ports that pods declare and a policy lets nobody in on. An app's port behind a sidecar
// doesn't count, as it must only be reached through the sidecar.
func closedPorts(spec *networkPolicySpec, pods *Footprint) (out []int32) {
	for _, port := range pods.ports {
		open := slices.ContainsFunc(spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
			return netpol.Covers(rule.Ports, pods.ports, netpol.Port{Protocol: port.Protocol, Number: port.ContainerPort})
		})
		behind := slices.ContainsFunc(pods.taken, func(t *takenPort) bool {
			return t.Front && t.AppPort == port.ContainerPort
		})
		if !open && !behind {
			out = append(out, port.ContainerPort)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// listPorts writes ports as in "port 80" or "ports 80, 443".
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
