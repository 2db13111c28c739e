package rig

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/netpol"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// policies are the policies that may isolate pods, by namespace.
type policies struct {
	known  map[string][]sidecar.Policy // NetworkPolicies, except those that this run emits
	unread map[string][]sidecar.Ref
}

// otherPolicyKinds are the kinds of policies that only some network plugins read: those of the policy API, of Cilium,
// Calico and Antrea. A NetworkPolicy adds to what they allow, or even overrides what they deny.
var otherPolicyKinds = map[string][]string{
	"extensions":               {"NetworkPolicy"},
	"policy.networking.k8s.io": {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"},
	"cilium.io":                {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"},
	"projectcalico.org":        {"NetworkPolicy", "GlobalNetworkPolicy"},
	"crd.projectcalico.org":    {"NetworkPolicy", "GlobalNetworkPolicy"},
	"crd.antrea.io":            {"NetworkPolicy", "ClusterNetworkPolicy"},
}

// fillPolicies adds the policies that may isolate the pods to a view, if an entry may close ports. A policy without a
// namespace belongs to whichever namespace it's applied to.
func (r *run) fillPolicies(w *sidecar.Workload) {
	if !r.hasPattern(closesPorts) {
		return
	}
	w.Isolated = r.hasPattern(func(e *config.Entry) bool {
		return closesPorts(e) && e.Pattern().(sidecar.Closer).SaysIsolated()
	})
	if r.policies == nil {
		r.findPolicies()
	}
	for namespace, all := range r.policies.known {
		if manifest.MayBeOne(namespace, w.Ref.Namespace) {
			for i := range all {
				if netpol.Isolates(&all[i].Spec, w.Pod.Labels) != netpol.No {
					w.Policies = append(w.Policies, all[i])
				}
			}
		}
	}
	for namespace, all := range r.policies.unread {
		if manifest.MayBeOne(namespace, w.Ref.Namespace) {
			w.Unread = append(w.Unread, all...)
		}
	}
	slices.SortStableFunc(w.Policies, func(a, b sidecar.Policy) int { return compareRefs(a.Ref, b.Ref) })
	slices.SortStableFunc(w.Unread, compareRefs)
}

func compareRefs(a, b sidecar.Ref) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Name, b.Name))
}

// findPolicies reads all NetworkPolicies. One that can't be decoded may isolate all pods.
func (r *run) findPolicies() {
	p := policies{map[string][]sidecar.Policy{}, map[string][]sidecar.Ref{}}
	own := r.emittedPolicies()
	for _, t := range r.texts {
		for _, o := range t.Objects {
			in := o.Ref.Namespace
			switch {
			case o.IsToolConfig():
			case slices.Contains(otherPolicyKinds[o.Ref.Group], o.Ref.Kind):
				p.unread[in] = append(p.unread[in], o.Ref)
			case o.Ref.Group == "networking.k8s.io" && o.Ref.Kind == "NetworkPolicy":
				policy := sidecar.Policy{Ref: o.Ref}
				if r.isRewritten(o, own) {
					break
				}
				if o.Decode(sidecar.Fields("spec"), &policy.Spec) != nil {
					p.unread[in] = append(p.unread[in], o.Ref)
				} else {
					p.known[in] = append(p.known[in], policy)
				}
				o.Release()
			}
		}
	}
	r.policies = &p
}

// isRewritten reports whether an object of the manifests comes from an earlier run, and this run replaces or removes
// it.
func (r *run) isRewritten(o *manifest.Object, own map[sidecar.Ref]bool) bool {
	return o.Label(sidecar.ManagedLabel) == sidecar.ManagedBy &&
		(own[o.Ref] || r.isPruned(o))
}

// emittedPolicies returns the NetworkPolicies that this run emits itself. Those of an earlier run among the manifests
// are written again, so they don't count as policies of a person.
func (r *run) emittedPolicies() map[sidecar.Ref]bool {
	own := map[sidecar.Ref]bool{}
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if !o.IsToolConfig() && o.Label(sidecar.ManagedLabel) != sidecar.ManagedBy {
				r.addEmittedPolicies(o, own)
			}
			o.Release()
		}
	}
	return own
}

// addEmittedPolicies adds the NetworkPolicies that this run emits for one workload.
func (r *run) addEmittedPolicies(o *manifest.Object, own map[sidecar.Ref]bool) {
	for _, at := range r.templatesOf(o) {
		m := r.metaOf(o)
		m = m.WithPod(podLabels(o, at))
		r.addPoliciesOf(o, at, &m, own)
	}
}

// addPoliciesOf adds those for one pod template.
func (r *run) addPoliciesOf(o *manifest.Object, at sidecar.Path, m *config.Meta, own map[sidecar.Ref]bool) {
	out := readOptOut(o, at)
	stem, known := "", false
	for _, d := range r.docs {
		if !d.Spec.Selects(m) {
			continue
		}
		if !known {
			stem, known = r.readStem(o, m, at), true
		}
		w := sidecar.Workload{Ref: o.Ref, Stem: stem}
		for _, e := range d.entries() {
			if w.Name = e.Name; closesPorts(e) && out.reasonFor(e.Name) == "" {
				own[sidecar.Ref{Group: "networking.k8s.io", Kind: "NetworkPolicy", Namespace: o.Ref.Namespace,
					Name: w.ObjectName()}] = true
			}
		}
	}
}

func closesPorts(e *config.Entry) bool {
	c, ok := e.Pattern().(sidecar.Closer)
	return ok && c.Closes()
}

// portsOf returns the ports of all sidecars in the pod, except one.
func portsOf(answers []outcome, except int) (ports []corev1.ContainerPort) {
	for i := range answers {
		if a := answers[i].Answer; a != nil && i != except {
			for j := range a.Change.Containers {
				ports = append(ports, a.Change.Containers[j].Ports...)
			}
		}
	}
	return ports
}

// closedPorts returns the ports of the pod that all sidecars close, except one. These are ports of an app that is only
// reached through a sidecar, even one that has moved to 127.0.0.1, and ports where a sidecar answers the kubelet.
func closedPorts(answers []outcome, except int) (ports []int32) {
	for i := range answers {
		a := answers[i].Answer
		if a == nil || i == except {
			continue
		}
		policy := slices.ContainsFunc(a.Change.Objects, func(o sidecar.Object) bool {
			return o.Ref().Kind == "NetworkPolicy"
		})
		for _, t := range a.Change.Takeovers {
			if t.MovesApp() || t.Front && policy {
				ports = append(ports, t.AppPort)
			}
			for _, health := range []int32{t.HealthPort, t.GRPCHealthPort} {
				if health != 0 {
					ports = append(ports, health)
				}
			}
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}
