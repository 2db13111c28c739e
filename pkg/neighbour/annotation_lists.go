package neighbour

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A listAnnotation is an annotation of an object that lists several backends.
type listAnnotation struct {
	object sidecar.Ref
	key    string
}

// currentValue returns a function that reads an annotation of an object: the value of an earlier edit, or else the
// object's own. Each backend adds itself to the same list.
func (r *Result) currentValue(object sidecar.Ref, have map[string]string) func(key string) string {
	return func(key string) string {
		if i, ok := r.listEdits[listAnnotation{object, key}]; ok {
			return r.Edits[i].Value.(string)
		}
		return have[key]
	}
}

// setAnnotations returns the annotations that this run sets on objects.
func (r *Result) setAnnotations() map[sidecar.Ref]map[string]string {
	all := map[sidecar.Ref]map[string]string{}
	for i := range r.Edits {
		e := &r.Edits[i]
		value, ok := e.Value.(string)
		if !ok || len(e.Path) != 3 || e.Path[1].Field != "annotations" {
			continue
		}
		if all[e.Object] == nil {
			all[e.Object] = map[string]string{}
		}
		all[e.Object][e.Path[2].Field] = value
	}
	return all
}

// joinAnnotations returns annotations with those that are set besides.
func joinAnnotations(have, set map[string]string) map[string]string {
	if set == nil {
		return have
	}
	all := maps.Clone(set)
	for key, value := range have {
		if _, changed := set[key]; !changed {
			all[key] = value
		}
	}
	return all
}

// extendLists sets annotations to extended lists. A second backend changes the edit of the first.
func (r *Result) extendLists(sp *servicePort, object sidecar.Ref, have map[string]string, annotations []annotation) {
	for _, a := range annotations {
		list := listAnnotation{object, a.key}
		if i, ok := r.listEdits[list]; ok {
			r.Edits[i].Value = a.value
			continue
		}
		if have[a.key] == a.value {
			continue
		}
		e := sp.newEdit(object, annotationPath(a.key), a.value)
		if was, ok := have[a.key]; ok && !hasOtherProtocol(was, sp.port.Name, a.value) {
			e.Was = was
		}
		if r.listEdits == nil {
			r.listEdits = map[listAnnotation]int{}
		}
		r.listEdits[list] = len(r.Edits)
		r.addEdits(e)
	}
}

// listNginxServices adds the Service to the Ingress's lists of Services.
func listNginxServices(sp *servicePort, value func(key string) string) []annotation {
	const tls, grpc = "nginx.org/ssl-services", "nginx.org/grpc-services"
	out := []annotation{{tls, addToList(value(tls), sp.service.Ref.Name)}}
	if sp.Protocol == sidecar.GRPC {
		out = append(out, annotation{grpc, addToList(value(grpc), sp.service.Ref.Name)})
	}
	return out
}

// listContourPorts adds a port to the Service's list of ports, unless it's there by number or name. h2 is HTTP/2 over
// TLS, which gRPC needs (internal/annotation/annotations.go).
func listContourPorts(sp *servicePort, value func(key string) string) []annotation {
	key := contourProtocol + choose(sp.Protocol == sidecar.GRPC, "h2", "tls")
	number := strconv.Itoa(int(sp.port.Port))
	if sp.port.Name != "" && slices.Contains(splitList(value(key)), sp.port.Name) {
		return []annotation{{key, value(key)}}
	}
	return []annotation{{key, addToList(value(key), number)}}
}

const contourProtocol = "projectcontour.io/upstream-protocol."

// checkContourPlain warns of a port that the Service lists as HTTP/2 without TLS.
func checkContourPlain(sp *servicePort, r *Result) {
	const key = contourProtocol + "h2c"
	for _, p := range splitList(sp.service.Annotations[key]) {
		if p == sp.port.Name || p == strconv.Itoa(int(sp.port.Port)) {
			sp.addWarning(r, "ingress-backend", sp.service.Ref, annotationPath(key).String(),
				fmt.Sprintf("lists port %d, which speaks TLS now", sp.port.Port), "remove "+p+" from the list")
		}
	}
}

// listGCEProtocols sets the protocol of a port in GCE's annotation, a JSON object from port names to protocols
// (ingress-gce pkg/annotations/service.go). HTTP2 is always over TLS there.
func listGCEProtocols(sp *servicePort, value func(key string) string) []annotation {
	const key = "cloud.google.com/app-protocols"
	protocols := map[string]string{}
	if text := value(key); text != "" && json.Unmarshal([]byte(text), &protocols) != nil {
		return []annotation{{key, text}} // GCE reports what is wrong with it
	}
	want := choose(sp.Protocol == sidecar.GRPC, "HTTP2", "HTTPS")
	if have := protocols[sp.port.Name]; have == want || have == "HTTP2" {
		return []annotation{{key, value(key)}}
	}
	protocols[sp.port.Name] = want
	raw, _ := json.Marshal(protocols) // sorts the keys
	return []annotation{{key, string(raw)}}
}

// hasOtherProtocol reports whether a JSON object of protocols gives the port another protocol than the new one does.
// A person has written that.
func hasOtherProtocol(was, port, now string) bool {
	var before, after map[string]string
	if json.Unmarshal([]byte(was), &before) != nil || json.Unmarshal([]byte(now), &after) != nil {
		return false
	}
	return before[port] != "" && before[port] != after[port]
}

// splitList splits a list at its commas, without spaces and empty items.
func splitList(list string) (out []string) {
	for _, s := range strings.Split(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// addToList adds a name to a comma-separated list, unless the list has it.
func addToList(list, name string) string {
	switch all := splitList(list); {
	case slices.Contains(all, name):
		return list
	case len(all) == 0:
		return name
	}
	return strings.TrimRight(list, " ,") + "," + name
}
