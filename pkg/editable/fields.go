package editable

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// A group are the fields that one editor edits, of some kinds of objects.
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
		{path: "pod/spec/containers/[]", Goes: true, Value: Container},
		{path: "pod/spec/initContainers/[]", Goes: true, Value: Container},
		{path: "pod/spec/volumes/[]", Goes: true, Value: Volume},
		{path: "pod/spec/imagePullSecrets/[]", Goes: true},
		{path: "pod/spec/shareProcessNamespace", Goes: true},
		{path: "pod/spec/securityContext/fsGroup", Goes: true},
		{path: "pod/spec/securityContext/fsGroupChangePolicy", Goes: true},
		{path: "pod/spec/securityContext/sysctls/[]", Goes: true},
		{path: "pod/spec/terminationGracePeriodSeconds",
			Goes: true, Turns: true, Value: Number, Share: Largest, Becomes: More},
		{path: "container/env/[]", Goes: true},
		{path: "container/env/[]/value", Goes: true, Turns: true, Value: Text, Becomes: Wanted},
		{path: "container/args/[]", Goes: true, Turns: true, Value: Address, Becomes: TLS},
		{path: "container/volumeMounts/[]", Goes: true},
		{path: "container/ports/[]", Returns: true, Value: PortEntry},
		{path: "metadata/annotations/" + sidecar.PatternsKey,
			Goes: true, Turns: true, Value: List, Share: Names, Becomes: More},
		{path: "metadata/annotations/" + sidecar.PhasesKey,
			Goes: true, Turns: true, Value: List, Share: Names, Becomes: More},
		{path: "metadata/annotations/" + sidecar.ContainersKey,
			Goes: true, Turns: true, Value: List, Share: Names, Becomes: More},
		{path: "pod/metadata/annotations/" + sidecar.PatternsKey,
			Goes: true, Turns: true, Value: List, Share: Names, Becomes: More},
		{path: "pod/metadata/annotations/" + sidecar.ChecksumPrefix + "*",
			Goes: true, Turns: true, Value: Text, Becomes: Wanted},
	}},
	{by: "callers", fields: []Field{
		{path: "container/command/[]", Turns: true, Value: Address, Becomes: TLS},
	}},
	{by: "shutdown", fields: []Field{
		{path: "container/lifecycle/preStop", Goes: true},
	}},
	{by: "probes", fields: []Field{
		{path: "handler/httpGet", Goes: true},
		{path: "handler/httpGet/port", Turns: true, Value: Port, Becomes: Led},
		{path: "handler/httpGet/scheme", Goes: true, Turns: true, Value: Scheme, Becomes: TLS},
		{path: "handler/httpGet/host", Returns: true, Value: Text},
		{path: "handler/tcpSocket", Returns: true, Value: Socket},
		{path: "handler/tcpSocket/port", Turns: true, Value: Port, Becomes: Led},
		{path: "handler/tcpSocket/host", Returns: true, Value: Text},
		{path: "handler/grpc/port", Turns: true, Value: Number, Becomes: Led},
		{path: "handler/exec/command/[]", Turns: true, Value: Command, Becomes: Led},
	}},
	{by: "evictable", fields: []Field{
		{path: "pod/metadata/annotations/" + evictVolumes,
			Goes: true, Turns: true, Value: List, Share: Names, Becomes: More},
	}},
	{by: "prometheus-annotations", fields: []Field{
		{path: "pod/metadata/annotations/" + sidecar.ScrapePortKey,
			Goes: true, Turns: true, Value: Text, Becomes: Led},
		{path: "pod/metadata/annotations/" + sidecar.ScrapeSchemeKey,
			Goes: true, Turns: true, Value: Text, Becomes: TLS},
	}},
	{kinds: services, fields: []Field{
		{path: "spec/ports/[]", Goes: true},
		{path: "spec/ports/[]/name", Goes: true},
	}},
	{by: "services", kinds: services, fields: []Field{
		{path: "spec/ports/[]/targetPort", Goes: true, Turns: true, Value: Port, Becomes: Led},
		{path: "spec/ports/[]/appProtocol", Turns: true, Value: Text, Becomes: TLS},
	}},
	{by: "monitors", kinds: monitors, fields: []Field{
		{path: "spec/endpoints/[]/scheme", Goes: true, Turns: true, Value: Scheme, Becomes: TLS},
		{path: "spec/podMetricsEndpoints/[]/scheme", Goes: true, Turns: true, Value: Scheme, Becomes: TLS},
	}},
	{by: "prometheus-annotations", kinds: services, fields: []Field{
		{path: "metadata/annotations/" + sidecar.ScrapePortKey, Goes: true, Turns: true, Value: Text, Becomes: Led},
		{path: "metadata/annotations/" + sidecar.ScrapeSchemeKey,
			Goes: true, Turns: true, Value: Text, Becomes: TLS},
	}},
	{by: "ingresses", kinds: routers, fields: []Field{
		{path: "metadata/annotations/nginx.ingress.kubernetes.io/backend-protocol", Goes: true},
		{path: "metadata/annotations/nginx.org/ssl-services",
			Goes: true, Turns: true, Value: List, Share: Names, Becomes: More},
		{path: "metadata/annotations/nginx.org/grpc-services",
			Goes: true, Turns: true, Value: List, Share: Names, Becomes: More},
		{path: "metadata/annotations/traefik.ingress.kubernetes.io/service.serversscheme", Goes: true},
		{path: "metadata/annotations/haproxy.org/server-*",
			Goes: true, not: []string{"haproxy.org/server-ca", "haproxy.org/server-crt"}},
		{path: "metadata/annotations/haproxy-ingress.github.io/backend-protocol", Goes: true},
		{path: "metadata/annotations/alb.ingress.kubernetes.io/backend-protocol*", Goes: true},
		{path: "metadata/annotations/alb.ingress.kubernetes.io/healthcheck-protocol", Goes: true},
		{path: "metadata/annotations/cloud.google.com/app-protocols",
			Goes: true, Turns: true, Value: Text, Becomes: More},
		{path: "metadata/annotations/projectcontour.io/upstream-protocol.*",
			Goes: true, Turns: true, Value: List, Share: Names, Becomes: More},
		{path: "metadata/annotations/konghq.com/protocol", Goes: true},
	}},
	{fields: []Field{ // of paths that more than one row has, the first row counts
		{path: "pod/metadata/annotations/*", Goes: true, not: []string{
			"outrigger.dev/", "applied.outrigger.dev/", "container.apparmor.", "container.seccomp.", "seccomp."}},
	}},
}

var (
	services = []string{"Service"}
	monitors = []string{"monitoring.coreos.com/ServiceMonitor", "monitoring.coreos.com/PodMonitor"}
	routers  = []string{"Service", "networking.k8s.io/Ingress"}
	handlers = []string{"startupProbe", "livenessProbe", "readinessProbe", "lifecycle/postStart", "lifecycle/preStop"}
)

// evictVolumes is the annotation in which the cluster autoscaler reads what volumes
// don't keep a node.
const evictVolumes = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
