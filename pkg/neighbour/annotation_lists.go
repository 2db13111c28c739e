package neighbour

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A listing is an annotation in which several backends are listed.
type listing struct {
	on  sidecar.Ref
	key string
}

// sofar are an object's annotations with what was set already: lists of names are
// extended by one backend after the other.
func (r *Result) sofar(on sidecar.Ref, have map[string]string) func(key string) string {
	return func(key string) string {
		if i, ok := r.listings[listing{on, key}]; ok {
			return r.Edits[i].Value.(string)
		}
		return have[key]
	}
}

// extend sets annotations that extend what stands there.
func (r *Result) extend(l *lead, on sidecar.Ref, have map[string]string, pairs []pair) {
	for _, p := range pairs {
		if i, ok := r.listings[listing{on, p.key}]; ok {
			r.Edits[i].Value = p.value
			continue
		}
		for _, e := range annotate(l.taken, on, have, p.key, p.value, "") {
			if was, there := have[p.key]; there && !contradicts(was, l.port.Name, p.value) {
				e.Was = was
			}
			if r.listings == nil {
				r.listings = map[listing]int{}
			}
			r.listings[listing{on, p.key}] = len(r.Edits)
			r.edit(e)
		}
	}
}

// nginxInc lists Services on the Ingress, by commas.
func nginxInc(l *lead, have func(key string) string) []pair {
	out := []pair{{"nginx.org/ssl-services", listed(have("nginx.org/ssl-services"), l.service.Ref.Name)}}
	if l.Protocol == sidecar.GRPC {
		out = append(out, pair{"nginx.org/grpc-services", listed(have("nginx.org/grpc-services"), l.service.Ref.Name)})
	}
	return out
}

// contour lists ports of a Service, by number or name: h2 is HTTP/2 over TLS, which
// gRPC needs (internal/annotation/annotations.go).
func contour(l *lead, have func(key string) string) []pair {
	key := contourProtocol + choose(l.Protocol == sidecar.GRPC, "h2", "tls")
	number := strconv.Itoa(int(l.port.Port))
	if l.port.Name != "" && slices.Contains(split(have(key)), l.port.Name) {
		return []pair{{key, have(key)}}
	}
	return []pair{{key, listed(have(key), number)}}
}

const contourProtocol = "projectcontour.io/upstream-protocol."

// contourPlain warns of ports that are listed as HTTP/2 in plain.
func contourPlain(l *lead, r *Result) {
	const key = contourProtocol + "h2c"
	for _, p := range split(l.service.Annotations[key]) {
		if p == l.port.Name || p == strconv.Itoa(int(l.port.Port)) {
			r.find(l.finding(sidecar.Warning, "ingress-backend", l.service.Ref, sidecar.Fields("metadata", "annotations",
				key).String(),
				fmt.Sprintf("lists port %d, which speaks TLS now", l.port.Port), "take "+p+" out"))
		}
	}
}

// appProtocols is GCE's JSON of the protocols of a Service's ports, by their name
// (ingress-gce pkg/annotations/service.go). HTTP2 is always over TLS there.
func appProtocols(l *lead, have func(key string) string) []pair {
	const key = "cloud.google.com/app-protocols"
	m := map[string]string{}
	if text := have(key); text != "" && json.Unmarshal([]byte(text), &m) != nil {
		return []pair{{key, text}} // GCE has to say what is wrong with it
	}
	want := choose(l.Protocol == sidecar.GRPC, "HTTP2", "HTTPS")
	if m[l.port.Name] == want || m[l.port.Name] == "HTTP2" {
		return []pair{{key, have(key)}}
	}
	m[l.port.Name] = want
	raw, _ := json.Marshal(m) // sorts the keys
	return []pair{{key, string(raw)}}
}

// contradicts reports whether a person has given the port another protocol in a
// JSON of them: that isn't ours to change.
func contradicts(was, port, value string) bool {
	var old, new map[string]string
	return json.Unmarshal([]byte(was), &old) == nil && json.Unmarshal([]byte(value), &new) == nil && old[port] != "" &&
		old[port] != new[port]
}

func split(list string) (out []string) {
	for _, s := range strings.Split(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// listed adds a name to a list by commas, where it isn't there.
func listed(list, name string) string {
	switch all := split(list); {
	case slices.Contains(all, name):
		return list
	case len(all) == 0:
		return name
	}
	return strings.TrimRight(list, " ,") + "," + name
}
