package neighbour

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A listAnnotation is an annotation in which several backends are listed.
type listAnnotation struct {
	on  sidecar.Ref
	key string
}

// currentValue are an object's annotations with what was set already: lists of names are
// extended by one backend after the other.
func (r *Result) currentValue(on sidecar.Ref, have map[string]string) func(key string) string {
	return func(key string) string {
		if i, ok := r.listEdits[listAnnotation{on, key}]; ok {
			return r.Edits[i].Value.(string)
		}
		return have[key]
	}
}

// extendLists sets annotations that extend what stands there.
func (r *Result) extendLists(sp *servicePort, on sidecar.Ref, have map[string]string, pairs []annotation) {
	for _, p := range pairs {
		if i, ok := r.listEdits[listAnnotation{on, p.key}]; ok {
			r.Edits[i].Value = p.value
			continue
		}
		for _, e := range setAnnotation(sp.takenPort, on, have, p.key, p.value, "") {
			if was, there := have[p.key]; there && !hasOtherProtocol(was, sp.port.Name, p.value) {
				e.Was = was
			}
			if r.listEdits == nil {
				r.listEdits = map[listAnnotation]int{}
			}
			r.listEdits[listAnnotation{on, p.key}] = len(r.Edits)
			r.addEdits(e)
		}
	}
}

// listNginxServices lists Services on the Ingress, by commas.
func listNginxServices(sp *servicePort, have func(key string) string) []annotation {
	out := []annotation{{"nginx.org/ssl-services", addToList(have("nginx.org/ssl-services"), sp.service.Ref.Name)}}
	if sp.Protocol == sidecar.GRPC {
		out = append(out, annotation{"nginx.org/grpc-services", addToList(have("nginx.org/grpc-services"), sp.service.Ref.Name)})
	}
	return out
}

// listContourPorts lists ports of a Service, by number or name: h2 is HTTP/2 over TLS, which
// gRPC needs (internal/annotation/annotations.go).
func listContourPorts(sp *servicePort, have func(key string) string) []annotation {
	key := contourProtocol + choose(sp.Protocol == sidecar.GRPC, "h2", "tls")
	number := strconv.Itoa(int(sp.port.Port))
	if sp.port.Name != "" && slices.Contains(splitList(have(key)), sp.port.Name) {
		return []annotation{{key, have(key)}}
	}
	return []annotation{{key, addToList(have(key), number)}}
}

const contourProtocol = "projectcontour.io/upstream-protocol."

// checkContourPlain warns of ports that are listed as HTTP/2 in plain.
func checkContourPlain(sp *servicePort, r *Result) {
	const key = contourProtocol + "h2c"
	for _, p := range splitList(sp.service.Annotations[key]) {
		if p == sp.port.Name || p == strconv.Itoa(int(sp.port.Port)) {
			r.addFindings(sp.newFinding(sidecar.Warning, "ingress-backend", sp.service.Ref, sidecar.Fields("metadata", "annotations",
				key).String(),
				fmt.Sprintf("lists port %d, which speaks TLS now", sp.port.Port), "take "+p+" out"))
		}
	}
}

// listGCEProtocols is GCE's JSON of the protocols of a Service's ports, by their name
// (ingress-gce pkg/annotations/service.go). HTTP2 is always over TLS there.
func listGCEProtocols(sp *servicePort, have func(key string) string) []annotation {
	const key = "cloud.google.com/app-protocols"
	m := map[string]string{}
	if text := have(key); text != "" && json.Unmarshal([]byte(text), &m) != nil {
		return []annotation{{key, text}} // GCE has to say what is wrong with it
	}
	want := choose(sp.Protocol == sidecar.GRPC, "HTTP2", "HTTPS")
	if m[sp.port.Name] == want || m[sp.port.Name] == "HTTP2" {
		return []annotation{{key, have(key)}}
	}
	m[sp.port.Name] = want
	raw, _ := json.Marshal(m) // sorts the keys
	return []annotation{{key, string(raw)}}
}

// hasOtherProtocol reports whether a person has given the port another protocol in a
// JSON of them: that isn't ours to change.
func hasOtherProtocol(was, port, value string) bool {
	var old, new map[string]string
	return json.Unmarshal([]byte(was), &old) == nil && json.Unmarshal([]byte(value), &new) == nil && old[port] != "" &&
		old[port] != new[port]
}

func splitList(list string) (out []string) {
	for _, s := range strings.Split(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// addToList adds a name to a list by commas, where it isn't there.
func addToList(list, name string) string {
	switch all := splitList(list); {
	case slices.Contains(all, name):
		return list
	case len(all) == 0:
		return name
	}
	return strings.TrimRight(list, " ,") + "," + name
}
