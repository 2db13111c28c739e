package sidecar

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A Step of a [Path] is a field of a mapping, or an entry of a list, named by a
// key that the API keeps unique there and never by its position.
type Step struct {
	Field string // of a mapping; empty for an entry of a list
	Key   string // which field names the entry: "name", "containerPort"; "." for a list of plain values
	Value string // of that field
}

// A Path leads from the top of an object to an address in it.
type Path []Step

// Fields makes a Path of mapping fields.
func Fields(names ...string) Path {
	p := make(Path, len(names))
	for i, n := range names {
		p[i] = Step{Field: n}
	}
	return p
}

// PortKey names a port in a list of ports: its number, and the protocol behind it
// where that isn't TCP, as in 53/UDP.
func PortKey(port int32, protocol corev1.Protocol) string {
	key := strconv.Itoa(int(port))
	if !IsTCP(protocol) {
		key += "/" + string(protocol)
	}
	return key
}

// IsPortKey reports whether a [Step] by the key takes what [PortKey] gives.
func IsPortKey(key string) bool { return key == "containerPort" || key == "port" }

// To is the path of fields below p. It shares no memory with p.
func (p Path) To(fields ...string) Path {
	out := make(Path, len(p), len(p)+len(fields))
	copy(out, p)
	for _, f := range fields {
		out = append(out, Step{Field: f})
	}
	return out
}

// At is the path of the list entry whose key has the value.
func (p Path) At(key, value string) Path {
	out := make(Path, len(p)+1)
	out[copy(out, p)] = Step{Key: key, Value: value}
	return out
}

// String gives the form of messages: spec.containers[name=app].image. It isn't
// unique: of arguments only the flags are shown.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.Field == "":
			if s.Key == "." {
				b.WriteString("[" + plainEntry(s.Value) + "]")
			} else if s.Key == "" { // where it's only told
				b.WriteString("[" + s.Value + "]")
			} else {
				b.WriteString("[" + s.Key + "=" + s.Value + "]")
			}
		case strings.ContainsAny(s.Field, "./["):
			b.WriteString("[" + strconv.Quote(s.Field) + "]")
		default:
			if i > 0 {
				b.WriteString(".")
			}
			b.WriteString(s.Field)
		}
	}
	return b.String()
}

// plainEntry is what messages show of an entry of a list of plain values: of an
// argument the flag, since what follows may be secret.
func plainEntry(v string) string {
	if name, _, some := strings.Cut(v, "="); IsFlag(v) && some {
		return name + "=..."
	} else if IsFlag(v) {
		return v
	}
	return "..."
}

// ContainerPath is where a container or init container of the pod stands.
func (w *Workload) ContainerPath(name string) Path {
	list := "containers"
	for _, c := range w.Pod.Spec.InitContainers {
		if c.Name == name {
			list = "initContainers"
		}
	}
	return w.Template.To("spec", list).At("name", name)
}

// IsFlag reports whether an argument is a flag, and no value.
func IsFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }
