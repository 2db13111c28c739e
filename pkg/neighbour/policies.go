package neighbour

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

type networkPolicySpec = networkingv1.NetworkPolicySpec

var networkPolicyKind = Kind{"networking.k8s.io", "NetworkPolicy"}

// A networkPolicy is one of the manifests, or one that this run emits for a sidecar.
type networkPolicy struct {
	ref     sidecar.Ref
	spec    *networkPolicySpec
	emitter *Footprint // the workload that this run emits it for; nil for one of the manifests
}

// emittedPolicies returns the policies among the objects that a sidecar emits.
func emittedPolicies(f *Footprint, objects []sidecar.Object) (out []networkPolicy) {
	for _, o := range objects {
		ref := o.Ref()
		if ref.Group != networkPolicyKind.Group || ref.Kind != networkPolicyKind.Kind {
			continue
		}
		ref.Namespace = f.Ref.Namespace
		var p struct {
			Spec networkPolicySpec `json:"spec"`
		}
		if json.Unmarshal(o.RawMessage, &p) == nil {
			out = append(out, networkPolicy{ref, &p.Spec, f})
		}
	}
	return out
}

// checkPolicies finds NetworkPolicies that block clients on the port that they use now, or that allow a port which must
// only be reached through the sidecar. It also finds policies of this run that select other pods than their own. It
// only reports them: a rule has no name that an edit of its ports could refer to.
func checkPolicies(s *scene, r *Result) {
	indexes := s.indexPolicies()
	for _, f := range s.footprints {
		if len(f.taken) == 0 {
			continue
		}
		all := indexes[f.Ref.Namespace].policiesSelecting(f.Labels, netpol.Isolates)
		for _, t := range f.taken {
			t.checkIngress(all, r)
		}
		f.checkOpen(all, r)
	}
	s.checkReach(indexes, r)
}

// ownLabels is the hint for a policy of this run that selects other pods, too. Nobody can edit such a policy.
const ownLabels = "give each workload's pods a label of their own, and select them by it"

// checkIngress checks one port against all policies that select the pod. A port is open if one of them allows it.
func (t *takenPort) checkIngress(all []networkPolicy, r *Result) {
	allowed := false
	app, written, anybody := -1, -1, false // people's policies: one that lets clients in to the app, any, do they let in?
	for i, p := range all {
		if p.emitter == nil {
			written, anybody = i, anybody || len(p.spec.Ingress) > 0
		}
		allowed = allowed || letsIn(p.spec, t.footprint.ports, t.Port)
		for j, rule := range p.spec.Ingress {
			for k, port := range rule.Ports {
				t.checkPortName(p, fmt.Sprintf("spec.ingress[%d].ports[%d].port", j, k), port.Port, r)
			}
		}
		if p.emitter == nil && t.isOpenIn(p) {
			app = i
		}
	}
	// Behind the app's own port, clients use the one that they used before. A policy that denies everything means that
	// others, elsewhere, let clients in to the app.
	if app < 0 && !anybody {
		app = written
	}
	if app >= 0 && !allowed && !t.AnswersOnAppPort() {
		t.addWarning(r, "network-policy-closed", all[app].ref, "spec.ingress",
			fmt.Sprintf("doesn't allow port %d, which clients of %s use now", t.Port, t.footprint.Ref),
			fmt.Sprintf("add {protocol: TCP, port: %d} to the ports of the rule that allows them", t.Port))
	}
}

// isOpenIn reports whether a policy lets somebody in past the sidecar.
func (t *takenPort) isOpenIn(p networkPolicy) bool {
	return !t.AnswersOnAppPort() && letsIn(p.spec, t.footprint.ports, t.AppPort)
}

// checkOpen reports policies that let clients in past the sidecars of a workload, each of them once for a sidecar. One
// of this run can only do so as it selects other pods, too.
func (f *Footprint) checkOpen(all []networkPolicy, r *Result) {
	for _, p := range all {
		var owners []*takenPort // the first port of each sidecar
		past, now := map[string][]int32{}, map[string][]int32{}
		for _, t := range f.taken {
			if !t.isOpenIn(p) {
				continue
			}
			if past[t.sidecar] == nil {
				owners = append(owners, t)
			}
			past[t.sidecar], now[t.sidecar] = append(past[t.sidecar], t.AppPort), append(now[t.sidecar], t.Port)
		}
		for _, t := range owners {
			severity, hint := sidecar.Warning, "allow the sidecars' ports instead"
			if p.emitter != nil {
				severity, hint = sidecar.Error, ownLabels
			}
			r.addFindings(t.newFinding(severity, "network-policy-open", p.ref, "spec.ingress",
				fmt.Sprintf("allows %s of %s, so clients can bypass the sidecar on %s", listPorts(past[t.sidecar]), f.Ref,
					listPorts(now[t.sidecar])), hint))
		}
	}
}

// letsIn reports whether a rule of the policy lets somebody in on a TCP port. Rules may use the names of declared
// ports.
func letsIn(spec *networkPolicySpec, declared []corev1.ContainerPort, port int32) bool {
	return slices.ContainsFunc(spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
		return netpol.Covers(rule.Ports, declared, netpol.Port{Number: port})
	})
}

// checkPortName warns of a port's name that is on a native sidecar now. Network plugins looked for names among ordinary
// containers only, Calico until 3.29 and others for longer.
func (t *takenPort) checkPortName(p networkPolicy, field string, port *intstr.IntOrString, r *Result) {
	if p.emitter != nil || !t.MovesApp() || t.placement != sidecar.Native {
		return
	}
	if port == nil || port.Type != intstr.String || !slices.Contains(t.portNames, port.StrVal) {
		return
	}
	t.addWarning(r, "network-policy-port-name", p.ref, field,
		fmt.Sprintf("port %s is on a native sidecar now, and many network plugins don't find names there", port.StrVal),
		fmt.Sprintf("use its number, %d", t.Port))
}
