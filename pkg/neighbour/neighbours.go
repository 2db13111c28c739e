// Package neighbour updates the objects and fields around a sidecar, such as probes, Services, Ingresses, monitors and
// callers. Each neighbour is one file, and one row in the table of neighbours: a function that reads what the sidecars
// change and returns edits and findings.
package neighbour

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A neighbour is something around sidecars that follows them. Package editable lists the fields that it may edit, by
// its name: a record is obeyed for these alone, and law 4 lets nothing else change.
type neighbour struct {
	name        string
	follow      func(*scene, *Result)
	perWorkload bool  // it follows one workload; the others follow all of them, once they're known
	kinds       kinds // that it reads
}

// kinds are kinds of objects, and what their spec is decoded into.
type kinds map[Kind]func() any

// neighbours is the table of all neighbours. Their edits come in its order.
var neighbours = []neighbour{
	{name: "probes", follow: followProbes, perWorkload: true},
	{name: "services", follow: followServices, perWorkload: true},
	{name: "shutdown", follow: drainApps, perWorkload: true},
	{name: "default-container", follow: keepDefaultContainer, perWorkload: true},
	{name: "prometheus-annotations", follow: followPrometheusAnnotations, perWorkload: true},
	{name: "evictable", follow: keepEvictable, perWorkload: true},
	{name: "port-names", follow: checkPortNames, perWorkload: true},

	{name: "shared-services", follow: checkSharedServices},
	{name: "ingresses", follow: followIngresses, kinds: kinds{
		ingressKind: newSpec[ingress], ingressClassKind: newSpec[ingressClass],
	}},
	{name: "gateway-routes", follow: followRoutes, kinds: kinds{
		httpRouteKind: newSpec[route], grpcRouteKind: newSpec[route], backendTLSKind: newSpec[backendTLS],
		tlsRouteKind: newSpec[route], tcpRouteKind: newSpec[route], gatewayKind: newSpec[gateway],
	}},
	{name: "routers", follow: checkRouters, kinds: routerKinds()},
	{name: "openshift-routes", follow: checkOpenShiftRoutes, kinds: kinds{openshiftRoutes: newSpec[openshiftRoute]}},
	{name: "istio", follow: checkMeshes, kinds: kinds{
		virtualServices: newSpec[virtualService], destinationRules: newSpec[destinationRule],
	}},
	{name: "load-balancers", follow: followLoadBalancers},
	{name: "backend-health", follow: checkBackendHealth, kinds: kinds{
		backendConfigs: newSpec[backendConfig], upstreamPolicies: newSpec[upstreamPolicy],
	}},
	{name: "monitors", follow: followMonitors, kinds: kinds{
		serviceMonitors: newSpec[monitor], podMonitors: newSpec[monitor],
	}},
	{name: "network-policies", follow: checkPolicies, kinds: kinds{networkPolicyKind: newSpec[networkPolicySpec]}},
	{name: "egress-policies", follow: checkEgressPolicies, kinds: kinds{networkPolicyKind: newSpec[networkPolicySpec]}},
	{name: "connections", follow: checkConnections, kinds: kinds{
		networkPolicyKind: newSpec[networkPolicySpec], serviceKind: newSpec[corev1.ServiceSpec],
	}},
	{name: "meshes", follow: checkMeshStart},
	{name: "quotas", follow: checkAdmitted, kinds: kinds{
		quotaKind: newSpec[corev1.ResourceQuotaSpec], limitRangeKind: newSpec[corev1.LimitRangeSpec],
	}},
	{name: "autoscalers", follow: checkAutoscalers, kinds: kinds{
		autoscalerKind: newSpec[autoscaler], scaledObjects: newSpec[scaledObject], rolloutKind: newSpec[rollout],
		limitRangeKind: newSpec[corev1.LimitRangeSpec],
	}},
	{name: "callers", follow: followCallers, kinds: kinds{serviceKind: newSpec[corev1.ServiceSpec]}},
}

func newSpec[T any]() any { return new(T) }

// Follow returns the edits and findings of the neighbours that belong to one workload only, such as its probes and its
// Services.
func Follow(w *sidecar.Workload, answers []sidecar.Answer) Result {
	return followScene(&scene{workload: w, answers: answers}, true)
}

// Around returns the edits and findings of the neighbours that may belong to several workloads, such as Ingresses,
// monitors and callers.
func Around(footprints []*Footprint, world World) Result {
	return followScene(newScene(footprints, world), false)
}

// followScene runs the neighbours that follow one workload, or the others.
func followScene(s *scene, perWorkload bool) (r Result) {
	for i := range neighbours {
		if n := &neighbours[i]; n.perWorkload == perWorkload {
			n.follow(s, &r)
		}
	}
	return r
}

// New returns a new value that the spec of a kind is decoded into, or nil for a kind that no neighbour reads.
func New(k Kind) any {
	for i := range neighbours {
		if spec := neighbours[i].kinds[k]; spec != nil {
			return spec()
		}
	}
	return nil
}
