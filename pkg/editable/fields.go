package editable

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// A group has the fields that one editor edits in some kinds of objects.
type group struct {
	by     string
	kinds  []string
	fields []Field
}

// groups is the table. Paths begin at the top of an object; pod is a pod template,
// container one of its containers, handler a probe or hook of one, [] an entry of a
// list, and * the rest of a field's name.
var groups = []group{
	{fields: []Field{
		{path: "pod/spec/containers/[]", Added: true, Value: Container},
		{path: "pod/spec/initContainers/[]", Added: true, Value: Container},
		{path: "pod/spec/volumes/[]", Added: true, Value: Volume},
		{path: "pod/spec/imagePullSecrets/[]", Added: true},
		{path: "pod/spec/shareProcessNamespace", Added: true},
		{path: "pod/spec/securityContext/fsGroup", Added: true},
		{path: "pod/spec/securityContext/fsGroupChangePolicy", Added: true},
		{path: "pod/spec/securityContext/sysctls/[]", Added: true},
		{path: "pod/spec/terminationGracePeriodSeconds",
			Added: true, Replaced: true, Value: Number, Becomes: Larger},
		{path: "pod/spec/resources/requests/*", Replaced: true, Value: Quantity, Becomes: Larger},
		{path: "pod/spec/resources/limits/*", Replaced: true, Value: Quantity, Becomes: Larger},
		{path: "container/env/[]", Added: true},
		{path: "container/env/[]/value", Added: true, Replaced: true, Value: Text, Becomes: Wanted},
		{path: "container/args/[]", Added: true, Replaced: true, Value: Address, Becomes: OverTLS},
		{path: "container/volumeMounts/[]", Added: true},
		{path: "container/ports/[]", Added: true, Removed: true, Value: PortEntry},
		{path: "metadata/annotations/" + sidecar.PatternsKey,
			Added: true, Replaced: true, Value: List, Becomes: Larger},
		{path: "metadata/annotations/" + sidecar.PhasesKey,
			Added: true, Replaced: true, Value: List, Becomes: Larger},
		{path: "metadata/annotations/" + sidecar.ContainersKey,
			Added: true, Replaced: true, Value: List, Becomes: Larger},
		{path: "pod/metadata/annotations/" + sidecar.PatternsKey,
			Added: true, Replaced: true, Value: List, Becomes: Larger},
		{path: "pod/metadata/annotations/" + sidecar.ChecksumPrefix + "*",
			Added: true, Replaced: true, Value: Text, Becomes: Wanted},
	}},
	{by: "callers", fields: []Field{
		{path: "container/command/[]", Replaced: true, Value: Address, Becomes: OverTLS},
	}},
	{by: "shutdown", fields: []Field{
		{path: "container/lifecycle/preStop", Added: true},
	}},
	{by: "probes", fields: []Field{
		{path: "handler/httpGet", Added: true},
		{path: "handler/httpGet/port", Replaced: true, Value: Port, Becomes: SidecarPort},
		{path: "handler/httpGet/scheme", Added: true, Replaced: true, Value: Scheme, Becomes: OverTLS},
		{path: "handler/httpGet/host", Removed: true, Value: Text},
		{path: "handler/tcpSocket", Removed: true, Value: Socket},
		{path: "handler/tcpSocket/port", Replaced: true, Value: Port, Becomes: SidecarPort},
		{path: "handler/tcpSocket/host", Removed: true, Value: Text},
		{path: "handler/grpc/port", Replaced: true, Value: Number, Becomes: SidecarPort},
		{path: "handler/exec/command/[]", Replaced: true, Value: Command, Becomes: SidecarPort},
	}},
	{by: "evictable", fields: []Field{
		{path: "pod/metadata/annotations/" + evictVolumes,
			Added: true, Replaced: true, Value: List, Becomes: Larger},
	}},
	{by: "prometheus-annotations", fields: []Field{
		{path: "pod/metadata/annotations/" + sidecar.ScrapePortKey,
			Added: true, Replaced: true, Value: Text, Becomes: SidecarPort},
		{path: "pod/metadata/annotations/" + sidecar.ScrapeSchemeKey,
			Added: true, Replaced: true, Value: Text, Becomes: OverTLS},
	}},
	{kinds: services, fields: []Field{
		{path: "spec/ports/[]", Added: true},
		{path: "spec/ports/[]/name", Added: true},
	}},
	{by: "services", kinds: services, fields: []Field{
		{path: "spec/ports/[]/targetPort", Added: true, Replaced: true, Value: Port, Becomes: SidecarPort},
		{path: "spec/ports/[]/appProtocol", Replaced: true, Value: Text, Becomes: OverTLS},
	}},
	{by: "monitors", kinds: monitors, fields: []Field{
		{path: "spec/endpoints/[]/scheme", Added: true, Replaced: true, Value: Scheme, Becomes: OverTLS},
		{path: "spec/podMetricsEndpoints/[]/scheme", Added: true, Replaced: true, Value: Scheme, Becomes: OverTLS},
	}},
	{by: "prometheus-annotations", kinds: services, fields: []Field{
		{path: "metadata/annotations/" + sidecar.ScrapePortKey,
			Added: true, Replaced: true, Value: Text, Becomes: SidecarPort},
		{path: "metadata/annotations/" + sidecar.ScrapeSchemeKey,
			Added: true, Replaced: true, Value: Text, Becomes: OverTLS},
	}},
	{by: "ingresses", kinds: routers, fields: []Field{
		{path: "metadata/annotations/nginx.ingress.kubernetes.io/backend-protocol", Added: true},
		{path: "metadata/annotations/nginx.org/ssl-services",
			Added: true, Replaced: true, Value: List, Becomes: Larger},
		{path: "metadata/annotations/nginx.org/grpc-services",
			Added: true, Replaced: true, Value: List, Becomes: Larger},
		{path: "metadata/annotations/traefik.ingress.kubernetes.io/service.serversscheme", Added: true},
		{path: "metadata/annotations/haproxy.org/server-*",
			Added: true, except: []string{"haproxy.org/server-ca", "haproxy.org/server-crt"}},
		{path: "metadata/annotations/haproxy-ingress.github.io/backend-protocol", Added: true},
		{path: "metadata/annotations/alb.ingress.kubernetes.io/backend-protocol*", Added: true},
		{path: "metadata/annotations/alb.ingress.kubernetes.io/healthcheck-protocol", Added: true},
		{path: "metadata/annotations/cloud.google.com/app-protocols",
			Added: true, Replaced: true, Value: Text, Becomes: Larger},
		{path: "metadata/annotations/projectcontour.io/upstream-protocol.*",
			Added: true, Replaced: true, Value: List, Becomes: Larger},
		{path: "metadata/annotations/konghq.com/protocol", Added: true},
		{path: "metadata/annotations/k8s.apisix.apache.org/upstream-scheme", Added: true},
	}},
	{fields: []Field{ // the first row of several for a path is used
		{path: "pod/metadata/annotations/*", Added: true, except: []string{
			"outrigger.dev/", "container.apparmor.", "container.seccomp.", "seccomp."}},
	}},
}

var (
	services = []string{"Service"}
	monitors = []string{"monitoring.coreos.com/ServiceMonitor", "monitoring.coreos.com/PodMonitor"}
	routers  = []string{"Service", "networking.k8s.io/Ingress"}
	handlers = []string{"startupProbe", "livenessProbe", "readinessProbe", "lifecycle/postStart", "lifecycle/preStop"}
)

// evictVolumes is the annotation with the volumes that don't keep the cluster autoscaler
// from removing a node.
const evictVolumes = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
