package sidecar

import (
	"slices"
	"strings"
	"sync"
)

// A Moved is a kind of value that Edits and neighbours put into manifests, change or
// take away, and by which way it comes back when the sidecars are taken off. What a
// record says is undone for these alone: nothing that isn't in this table is laid on
// where it would be recorded, and no record reaches it.
type Moved struct {
	shape []string // see moved
	kinds []string // of the objects; nil: any
	not   []string // keys of annotations that are none, as prefixes

	Goes    bool // it was added, and is taken out
	Turns   bool // it took another's place, and that comes back
	Returns bool // it was taken out, and comes back
	Value   Value
	Share   Share
}

// A Value says what a value that comes back must be.
type Value string

const (
	AnyValue     Value = ""           // nothing comes back
	TextValue    Value = "text"       // a string
	NumberValue  Value = "number"     // a number
	PortValue    Value = "port"       // a number or a name
	SchemeValue  Value = "scheme"     // HTTP or HTTPS
	PortEntry    Value = "port entry" // an entry of a container's ports
	SocketValue  Value = "socket"     // a probe's tcpSocket
	CommandValue Value = "command"    // the same word but for numbers
	AddressValue Value = "address"    // the same address but for its scheme
	ListValue    Value = "list"       // some of the names that stand there
	Container    Value = "container"  // one that the marker names
	Volume       Value = "volume"     // one that no container mounts any more
)

// A Share says how several documents have a value together.
type Share string

const (
	Unshared Share = ""        // not, unless they want it equal
	Names    Share = "names"   // a list by commas, to which each adds names
	Largest  Share = "largest" // a number of which the largest counts
)

// ContainersKey is the annotation of an object that names containers which
// [PatternsKey] doesn't name, as custom sidecars may have them. It's there where it is
// recorded what was laid on.
const ContainersKey = "outrigger.dev/containers"

const checksumPrefix = "checksum.outrigger.dev/"

// moved is the table. Shapes are paths from the top of an object; pod is a pod
// template, container one of its containers, handler a probe or hook of one, [] an
// entry of a list, and * the rest of a field's name.
var moved = sync.OnceValue(func() (table []Moved) {
	for _, m := range shapes() {
		for _, shape := range expanded(m.shape) {
			m.shape = shape
			table = append(table, m)
		}
	}
	return table
})

func shapes() []Moved {
	return []Moved{
		{shape: at("pod/spec/containers/[]"), Goes: true, Value: Container},
		{shape: at("pod/spec/initContainers/[]"), Goes: true, Value: Container},
		{shape: at("pod/spec/volumes/[]"), Goes: true, Value: Volume},
		{shape: at("pod/spec/imagePullSecrets/[]"), Goes: true},
		{shape: at("pod/spec/shareProcessNamespace"), Goes: true},
		{shape: at("pod/spec/securityContext/fsGroup"), Goes: true},
		{shape: at("pod/spec/securityContext/fsGroupChangePolicy"), Goes: true},
		{shape: at("pod/spec/securityContext/sysctls/[]"), Goes: true},
		{shape: at("pod/spec/terminationGracePeriodSeconds"), Goes: true, Turns: true, Value: NumberValue, Share: Largest},

		{shape: at("container/env/[]"), Goes: true},
		{shape: at("container/env/[]/value"), Goes: true, Turns: true, Value: TextValue},
		{shape: at("container/args/[]"), Goes: true, Turns: true, Value: AddressValue},
		{shape: at("container/command/[]"), Turns: true, Value: AddressValue},
		{shape: at("container/volumeMounts/[]"), Goes: true},
		{shape: at("container/ports/[]"), Returns: true, Value: PortEntry},
		{shape: at("container/lifecycle/preStop"), Goes: true},
		{shape: at("handler/httpGet"), Goes: true},
		{shape: at("handler/httpGet/port"), Turns: true, Value: PortValue},
		{shape: at("handler/httpGet/scheme"), Goes: true, Turns: true, Value: SchemeValue},
		{shape: at("handler/httpGet/host"), Returns: true, Value: TextValue},
		{shape: at("handler/tcpSocket"), Returns: true, Value: SocketValue},
		{shape: at("handler/tcpSocket/port"), Turns: true, Value: PortValue},
		{shape: at("handler/tcpSocket/host"), Returns: true, Value: TextValue},
		{shape: at("handler/grpc/port"), Turns: true, Value: NumberValue},
		{shape: at("handler/exec/command/[]"), Turns: true, Value: CommandValue},

		{shape: at("metadata/annotations/" + PatternsKey), Goes: true, Turns: true, Value: ListValue, Share: Names},
		{shape: at("metadata/annotations/" + PhasesKey), Goes: true, Turns: true, Value: ListValue, Share: Names},
		{shape: at("metadata/annotations/" + ContainersKey), Goes: true, Turns: true, Value: ListValue, Share: Names},
		{shape: at("pod/metadata/annotations/" + PatternsKey), Goes: true, Turns: true, Value: ListValue, Share: Names},
		{shape: at("pod/metadata/annotations/" + evictVolumes), Goes: true, Turns: true, Value: ListValue, Share: Names},
		{shape: at("pod/metadata/annotations/prometheus.io/port"), Goes: true, Turns: true, Value: TextValue},
		{shape: at("pod/metadata/annotations/prometheus.io/scheme"), Goes: true, Turns: true, Value: TextValue},
		{shape: at("pod/metadata/annotations/" + checksumPrefix + "*"), Goes: true, Turns: true, Value: TextValue},
		{shape: at("pod/metadata/annotations/*"), Goes: true, not: []string{"outrigger.dev/", "applied.outrigger.dev/", "container.apparmor.", "container.seccomp.", "seccomp."}},

		{shape: at("spec/ports/[]"), kinds: services, Goes: true},
		{shape: at("spec/ports/[]/name"), kinds: services, Goes: true},
		{shape: at("spec/ports/[]/targetPort"), kinds: services, Goes: true, Turns: true, Value: PortValue},
		{shape: at("spec/ports/[]/appProtocol"), kinds: services, Turns: true, Value: TextValue},
		{shape: at("spec/endpoints/[]/scheme"), kinds: monitors, Goes: true, Turns: true, Value: SchemeValue},
		{shape: at("spec/podMetricsEndpoints/[]/scheme"), kinds: monitors, Goes: true, Turns: true, Value: SchemeValue},
		{shape: at("metadata/annotations/prometheus.io/port"), kinds: services, Goes: true, Turns: true, Value: TextValue},
		{shape: at("metadata/annotations/prometheus.io/scheme"), kinds: services, Goes: true, Turns: true, Value: TextValue},

		{shape: at("metadata/annotations/nginx.ingress.kubernetes.io/backend-protocol"), kinds: routers, Goes: true},
		{shape: at("metadata/annotations/nginx.org/ssl-services"), kinds: routers, Goes: true, Turns: true, Value: ListValue, Share: Names},
		{shape: at("metadata/annotations/nginx.org/grpc-services"), kinds: routers, Goes: true, Turns: true, Value: ListValue, Share: Names},
		{shape: at("metadata/annotations/traefik.ingress.kubernetes.io/service.serversscheme"), kinds: routers, Goes: true},
		{shape: at("metadata/annotations/haproxy.org/server-*"), kinds: routers, Goes: true, not: []string{"haproxy.org/server-ca", "haproxy.org/server-crt"}},
		{shape: at("metadata/annotations/haproxy-ingress.github.io/backend-protocol"), kinds: routers, Goes: true},
		{shape: at("metadata/annotations/alb.ingress.kubernetes.io/backend-protocol*"), kinds: routers, Goes: true},
		{shape: at("metadata/annotations/alb.ingress.kubernetes.io/healthcheck-protocol"), kinds: routers, Goes: true},
		{shape: at("metadata/annotations/cloud.google.com/app-protocols"), kinds: routers, Goes: true, Turns: true, Value: TextValue},
		{shape: at("metadata/annotations/projectcontour.io/upstream-protocol.*"), kinds: routers, Goes: true, Turns: true, Value: ListValue, Share: Names},
		{shape: at("metadata/annotations/konghq.com/protocol"), kinds: routers, Goes: true},
	}
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

// at splits a shape. An annotation's key, which has slashes, is one step.
func at(shape string) []string {
	if before, key, ok := strings.Cut(shape, "metadata/annotations/"); ok {
		return append(strings.Split(before+"metadata/annotations", "/"), key)
	}
	return strings.Split(shape, "/")
}

// expanded are the shapes that one in the words container and handler stands for.
func expanded(shape []string) (all [][]string) {
	container := []string{"pod", "spec", "*containers", "[]"}
	switch shape[0] {
	case "handler":
		for _, h := range handlers {
			all = append(all, slices.Concat(container, strings.Split(h, "/"), shape[1:]))
		}
		return all
	case "container":
		return [][]string{slices.Concat(container, shape[1:])}
	}
	return [][]string{shape}
}

// MovedAt finds what is moved at a path of an object that has pod templates at some
// paths; nil where nothing is.
func MovedAt(on Ref, pods []Path, path Path) *Moved {
	table := moved()
	for i := range table {
		if m := &table[i]; m.of(on) && m.reaches(pods, path) == whole {
			return m
		}
	}
	return nil
}

// MovedBelow reports whether something below a path is moved: such a collection may
// stand there without entries, or not at all.
func MovedBelow(on Ref, pods []Path, path Path) bool {
	return slices.ContainsFunc(moved(), func(m Moved) bool { return m.of(on) && m.reaches(pods, path) == beginning })
}

func (m *Moved) of(on Ref) bool {
	kind := on.Kind
	if on.Group != "" {
		kind = on.Group + "/" + on.Kind
	}
	return m.kinds == nil || slices.Contains(m.kinds, kind)
}

// How far a path gets in a shape.
type reach int

const (
	off reach = iota
	beginning
	whole
)

func (m *Moved) reaches(pods []Path, path Path) reach {
	if m.shape[0] != "pod" {
		return m.along(path, m.shape)
	}
	best := off
	for _, pod := range pods {
		n := min(len(pod), len(path))
		if slices.Equal(pod[:n], path[:n]) {
			best = max(best, m.along(path[n:], m.shape[1:]))
		}
	}
	return best
}

func (m *Moved) along(path Path, shape []string) reach {
	for i, s := range path {
		if i == len(shape) || !m.step(s, shape[i]) {
			return off
		}
	}
	if len(path) < len(shape) {
		return beginning
	}
	return whole
}

func (m *Moved) step(s Step, want string) bool {
	switch prefix, open := strings.CutSuffix(want, "*"); {
	case want == "[]":
		return s.Field == ""
	case want == "*containers":
		return s.Field == "containers" || s.Field == "initContainers"
	case s.Field == "" || slices.ContainsFunc(m.not, func(not string) bool { return strings.HasPrefix(s.Field, not) }):
		return false
	case open:
		return strings.HasPrefix(s.Field, prefix)
	}
	return s.Field == want
}

// TLSSchemes are schemes in plain and what they're called over TLS.
var TLSSchemes = map[string]string{"http": "https", "ws": "wss", "h2c": "https", "redis": "rediss", "amqp": "amqps", "mqtt": "mqtts", "ldap": "ldaps", "nats": "tls"}

// OverTLS reports whether two schemes are one, without TLS or not, and over TLS.
func OverTLS(plain, scheme string) bool { return plain == scheme || TLSSchemes[plain] == scheme }
