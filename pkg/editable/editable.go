// Package editable is the table of what outrigger edits in objects that people write,
// and of how each edit is undone. Who lays edits on and who reads a record of them
// agree here.
package editable

import (
	"slices"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Field is a kind of value that Edits and neighbours put into manifests, change or
// take away, and by which way it comes back when the sidecars are taken off. What a
// record says is undone for these alone: nothing that isn't in this table is laid on
// where it would be recorded, and no record reaches it.
type Field struct {
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
	AnyValue  Value = ""           // nothing comes back
	Text      Value = "text"       // a string
	Number    Value = "number"     // a number
	Port      Value = "port"       // a number or a name
	Scheme    Value = "scheme"     // HTTP or HTTPS
	PortEntry Value = "port entry" // an entry of a container's ports
	Socket    Value = "socket"     // a probe's tcpSocket
	Command   Value = "command"    // the same word but for numbers
	Address   Value = "address"    // the same address but for its scheme
	List      Value = "list"       // some of the names that stand there
	Container Value = "container"  // one that the marker names
	Volume    Value = "volume"     // one that no container mounts any more
)

// A Share says how several documents have a value together.
type Share string

const (
	Unshared Share = ""        // not, unless they want it equal
	Names    Share = "names"   // a list by commas, to which each adds names
	Largest  Share = "largest" // a number of which the largest counts
)

// moved is the table. Shapes are paths from the top of an object; pod is a pod
// template, container one of its containers, handler a probe or hook of one, [] an
// entry of a list, and * the rest of a field's name.
var moved = sync.OnceValue(func() (table []Field) {
	for _, m := range shapes() {
		for _, shape := range expanded(m.shape) {
			m.shape = shape
			table = append(table, m)
		}
	}
	return table
})

func shapes() []Field {
	return []Field{
		{shape: split("pod/spec/containers/[]"), Goes: true, Value: Container},
		{shape: split("pod/spec/initContainers/[]"), Goes: true, Value: Container},
		{shape: split("pod/spec/volumes/[]"), Goes: true, Value: Volume},
		{shape: split("pod/spec/imagePullSecrets/[]"), Goes: true},
		{shape: split("pod/spec/shareProcessNamespace"), Goes: true},
		{shape: split("pod/spec/securityContext/fsGroup"), Goes: true},
		{shape: split("pod/spec/securityContext/fsGroupChangePolicy"), Goes: true},
		{shape: split("pod/spec/securityContext/sysctls/[]"), Goes: true},
		{shape: split("pod/spec/terminationGracePeriodSeconds"), Goes: true, Turns: true, Value: Number, Share: Largest},

		{shape: split("container/env/[]"), Goes: true},
		{shape: split("container/env/[]/value"), Goes: true, Turns: true, Value: Text},
		{shape: split("container/args/[]"), Goes: true, Turns: true, Value: Address},
		{shape: split("container/command/[]"), Turns: true, Value: Address},
		{shape: split("container/volumeMounts/[]"), Goes: true},
		{shape: split("container/ports/[]"), Returns: true, Value: PortEntry},
		{shape: split("container/lifecycle/preStop"), Goes: true},
		{shape: split("handler/httpGet"), Goes: true},
		{shape: split("handler/httpGet/port"), Turns: true, Value: Port},
		{shape: split("handler/httpGet/scheme"), Goes: true, Turns: true, Value: Scheme},
		{shape: split("handler/httpGet/host"), Returns: true, Value: Text},
		{shape: split("handler/tcpSocket"), Returns: true, Value: Socket},
		{shape: split("handler/tcpSocket/port"), Turns: true, Value: Port},
		{shape: split("handler/tcpSocket/host"), Returns: true, Value: Text},
		{shape: split("handler/grpc/port"), Turns: true, Value: Number},
		{shape: split("handler/exec/command/[]"), Turns: true, Value: Command},

		{shape: split("metadata/annotations/" + sidecar.PatternsKey), Goes: true, Turns: true, Value: List, Share: Names},
		{shape: split("metadata/annotations/" + sidecar.PhasesKey), Goes: true, Turns: true, Value: List, Share: Names},
		{shape: split("metadata/annotations/" + sidecar.ContainersKey), Goes: true, Turns: true, Value: List, Share: Names},
		{shape: split("pod/metadata/annotations/" + sidecar.PatternsKey), Goes: true, Turns: true, Value: List, Share: Names},
		{shape: split("pod/metadata/annotations/" + evictVolumes), Goes: true, Turns: true, Value: List, Share: Names},
		{shape: split("pod/metadata/annotations/prometheus.io/port"), Goes: true, Turns: true, Value: Text},
		{shape: split("pod/metadata/annotations/prometheus.io/scheme"), Goes: true, Turns: true, Value: Text},
		{shape: split("pod/metadata/annotations/" + sidecar.ChecksumPrefix + "*"), Goes: true, Turns: true, Value: Text},
		{shape: split("pod/metadata/annotations/*"), Goes: true, not: []string{"outrigger.dev/", "applied.outrigger.dev/", "container.apparmor.", "container.seccomp.", "seccomp."}},

		{shape: split("spec/ports/[]"), kinds: services, Goes: true},
		{shape: split("spec/ports/[]/name"), kinds: services, Goes: true},
		{shape: split("spec/ports/[]/targetPort"), kinds: services, Goes: true, Turns: true, Value: Port},
		{shape: split("spec/ports/[]/appProtocol"), kinds: services, Turns: true, Value: Text},
		{shape: split("spec/endpoints/[]/scheme"), kinds: monitors, Goes: true, Turns: true, Value: Scheme},
		{shape: split("spec/podMetricsEndpoints/[]/scheme"), kinds: monitors, Goes: true, Turns: true, Value: Scheme},
		{shape: split("metadata/annotations/prometheus.io/port"), kinds: services, Goes: true, Turns: true, Value: Text},
		{shape: split("metadata/annotations/prometheus.io/scheme"), kinds: services, Goes: true, Turns: true, Value: Text},

		{shape: split("metadata/annotations/nginx.ingress.kubernetes.io/backend-protocol"), kinds: routers, Goes: true},
		{shape: split("metadata/annotations/nginx.org/ssl-services"), kinds: routers, Goes: true, Turns: true, Value: List, Share: Names},
		{shape: split("metadata/annotations/nginx.org/grpc-services"), kinds: routers, Goes: true, Turns: true, Value: List, Share: Names},
		{shape: split("metadata/annotations/traefik.ingress.kubernetes.io/service.serversscheme"), kinds: routers, Goes: true},
		{shape: split("metadata/annotations/haproxy.org/server-*"), kinds: routers, Goes: true, not: []string{"haproxy.org/server-ca", "haproxy.org/server-crt"}},
		{shape: split("metadata/annotations/haproxy-ingress.github.io/backend-protocol"), kinds: routers, Goes: true},
		{shape: split("metadata/annotations/alb.ingress.kubernetes.io/backend-protocol*"), kinds: routers, Goes: true},
		{shape: split("metadata/annotations/alb.ingress.kubernetes.io/healthcheck-protocol"), kinds: routers, Goes: true},
		{shape: split("metadata/annotations/cloud.google.com/app-protocols"), kinds: routers, Goes: true, Turns: true, Value: Text},
		{shape: split("metadata/annotations/projectcontour.io/upstream-protocol.*"), kinds: routers, Goes: true, Turns: true, Value: List, Share: Names},
		{shape: split("metadata/annotations/konghq.com/protocol"), kinds: routers, Goes: true},
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

// split splits a shape. An annotation's key, which has slashes, is one step.
func split(shape string) []string {
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

// At finds what is moved at a path of an object that has pod templates at some
// paths; nil where nothing is.
func At(on sidecar.Ref, pods []sidecar.Path, path sidecar.Path) *Field {
	table := moved()
	for i := range table {
		if m := &table[i]; m.of(on) && m.reaches(pods, path) == whole {
			return m
		}
	}
	return nil
}

// Below reports whether something below a path is moved: such a collection may
// stand there without entries, or not at all.
func Below(on sidecar.Ref, pods []sidecar.Path, path sidecar.Path) bool {
	return slices.ContainsFunc(moved(), func(m Field) bool { return m.of(on) && m.reaches(pods, path) == beginning })
}

func (m *Field) of(on sidecar.Ref) bool {
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

func (m *Field) reaches(pods []sidecar.Path, path sidecar.Path) reach {
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

func (m *Field) along(path sidecar.Path, shape []string) reach {
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

func (m *Field) step(s sidecar.Step, want string) bool {
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
