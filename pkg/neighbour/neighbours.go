// Package neighbour says how the objects and fields around a sidecar follow it:
// probes and hooks that dialled a port which is another's now, Services, the
// app's shutdown, Ingresses, monitors, callers. One file each, and one row each in
// the table of neighbours: every one is a function from what was laid on to edits and
// findings.
package neighbour

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A neighbour is something around sidecars that follows them. What it may edit stands
// in package editable, by its name: a record is obeyed for that alone, and law 4 lets
// nothing else change.
type neighbour struct {
	name        string
	follow      func(*scene, *Result)
	perWorkload bool                // it follows each workload by itself; else all of them, when they're known
	kinds       map[Kind]func() any // the objects that it looks at, and what their spec is decoded into
}

// neighbours is the table. Edits come in its order.
var neighbours = []neighbour{
	{name: "probes", follow: followProbes, perWorkload: true},
	{name: "services", follow: followServices, perWorkload: true},
	{name: "shutdown", follow: drainApps, perWorkload: true},
	{name: "default-container", follow: keepDefaultContainer, perWorkload: true},
	{name: "prometheus-annotations", follow: followPrometheusAnnotations, perWorkload: true},
	{name: "evictable", follow: keepEvictable, perWorkload: true},
	{name: "port-names", follow: checkPortNames, perWorkload: true},

	{name: "shared-services", follow: checkSharedServices},
	{name: "ingresses", follow: followIngresses, kinds: kindSpecs{ingressKind: newSpec[ingress],
		ingressClassKind: newSpec[ingressClass]}},
	{name: "gateway-routes", follow: followRoutes, kinds: kindSpecs{httpRouteKind: newSpec[route], grpcRouteKind: newSpec[route],
		backendTLSKind: newSpec[backendTLS]}},
	{name: "openshift-routes", follow: checkOpenShiftRoutes, kinds: kindSpecs{openshiftRoutes: newSpec[openshiftRoute]}},
	{name: "istio", follow: checkMeshes, kinds: kindSpecs{virtualServices: newSpec[virtualService],
		destinationRules: newSpec[destinationRule]}},
	{name: "load-balancers", follow: followLoadBalancers},
	{name: "gce-health-checks", follow: checkBackendHealth, kinds: kindSpecs{backendConfigs: newSpec[backendConfig]}},
	{name: "monitors", follow: followMonitors, kinds: kindSpecs{serviceMonitors: newSpec[monitor], podMonitors: newSpec[monitor]}},
	{name: "network-policies", follow: checkPolicies, kinds: kindSpecs{networkPolicyKind: newSpec[networkPolicySpec]}},
	{name: "egress-policies", follow: checkEgressPolicies, kinds: kindSpecs{networkPolicyKind: newSpec[networkPolicySpec]}},
	{name: "autoscalers", follow: checkAutoscalers, kinds: kindSpecs{autoscalerKind: newSpec[autoscaler]}},
	{name: "callers", follow: followCallers, kinds: kindSpecs{serviceKind: newSpec[corev1.ServiceSpec]}},
}

type kindSpecs = map[Kind]func() any

func newSpec[T any]() any { return new(T) }

// Follow gives the edits by which everything follows that has to do with one workload
// only: its own probes and hooks, and its Services.
func Follow(w *sidecar.Workload, answers []sidecar.Answer) Result {
	return followScene(&scene{workload: w, answers: answers}, true)
}

// Around gives what follows around all workloads that got sidecars: what may be
// concerned with several of them, as Ingresses, routes, monitors and callers are.
func Around(served []*Footprint, world World) Result {
	return followScene(newScene(served, world), false)
}

func followScene(s *scene, each bool) (r Result) {
	for i := range neighbours {
		if n := &neighbours[i]; n.perWorkload == each {
			n.follow(s, &r)
		}
	}
	return r
}

// New makes what the spec of a kind is decoded into; nil where no neighbour looks
// at the kind.
func New(k Kind) any {
	for i := range neighbours {
		if spec := neighbours[i].kinds[k]; spec != nil {
			return spec()
		}
	}
	return nil
}
