package sidecar

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A Step of a [Path] is a field of a mapping, or an entry of a list. An entry is named by a
// key that the API keeps unique in the list. Only where it has no name of its own, in a list to
// which no edit adds anything, is it named by its [Position].
type Step struct {
	Field string // of a mapping; empty for an entry of a list
	Key   string // which field names the entry: "name", "containerPort"; "." for a list of plain values
	Value string // of that field
}

// Position is the key of a [Step] to an entry whose Value is its place in the list, from 0.
const Position = "#"

// A Path is an address in an object, from its top.
type Path []Step

// Fields makes a Path of mapping fields.
func Fields(names ...string) Path {
	p := make(Path, len(names))
	for i, n := range names {
		p[i] = Step{Field: n}
	}
	return p
}

// PortKey returns the key of a port in a list of ports: its number, followed by the
// protocol if that isn't TCP, as in 53/UDP.
func PortKey(port int32, protocol corev1.Protocol) string {
	key := strconv.Itoa(int(port))
	if !IsTCP(protocol) {
		key += "/" + string(protocol)
	}
	return key
}

// IsPortKey reports whether a [Step] with the key has a value of [PortKey].
func IsPortKey(key string) bool { return key == "containerPort" || key == "port" }

// To returns the path of fields below p. It shares no memory with p.
func (p Path) To(fields ...string) Path {
	out := make(Path, len(p), len(p)+len(fields))
	copy(out, p)
	for _, f := range fields {
		out = append(out, Step{Field: f})
	}
	return out
}

// At returns the path of a list entry, by the value of its key.
func (p Path) At(key, value string) Path {
	out := make(Path, len(p)+1)
	out[copy(out, p)] = Step{Key: key, Value: value}
	return out
}

// HasShape reports whether a path has the same fields as p, and an entry of a list wherever p has one.
func (p Path) HasShape(of Path) bool {
	return slices.EqualFunc(p, of, func(a, b Step) bool { return a.Field == b.Field })
}

// EntersList reports whether the path leads into a list.
func (p Path) EntersList() bool {
	return slices.ContainsFunc(p, func(s Step) bool { return s.Field == "" })
}

// String returns the form for messages: spec.containers[name=app].image. It isn't unique,
// as it shows only the flags of arguments.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.Field == "":
			if s.Key == "." {
				b.WriteString("[" + plainEntry(s.Value) + "]")
			} else if s.Key == "" || s.Key == Position { // only messages have a path without a key
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

// ParsePath reads the form for messages, up to the first step that it can't read.
func ParsePath(s string) (p Path) {
	for s != "" {
		if s[0] != '[' {
			name := s[:fieldEnd(s)]
			if name == "" {
				return p
			}
			p, s = append(p, Step{Field: name}), strings.TrimPrefix(s[len(name):], ".")
			continue
		}
		if quoted, err := strconv.QuotedPrefix(s[1:]); err == nil {
			name, _ := strconv.Unquote(quoted)
			p, s = append(p, Step{Field: name}), strings.TrimPrefix(strings.TrimPrefix(s[1+len(quoted):], "]"), ".")
			continue
		}
		entry, rest, closed := strings.Cut(s[1:], "]")
		key, value, named := strings.Cut(entry, "=")
		switch {
		case !closed:
			return p
		case !named && entry != "" && strings.Trim(entry, "0123456789") == "":
			key, value = Position, entry
		case !named:
			key, value = ".", entry
		}
		p, s = append(p, Step{Key: key, Value: value}), strings.TrimPrefix(rest, ".")
	}
	return p
}

func fieldEnd(s string) int {
	if end := strings.IndexAny(s, ".["); end >= 0 {
		return end
	}
	return len(s)
}

// plainEntry returns the text for messages of an entry in a list of plain values. It shows
// only the flag of an argument, since the rest may be secret.
func plainEntry(v string) string {
	if name, _, some := strings.Cut(v, "="); IsFlag(v) && some {
		return name + "=..."
	} else if IsFlag(v) {
		return v
	}
	return "..."
}

// ContainerPath returns the path of a container or init container of the pod.
func (w *Workload) ContainerPath(name string) Path {
	list := "containers"
	for _, c := range w.Pod.Spec.InitContainers {
		if c.Name == name {
			list = "initContainers"
		}
	}
	return w.Template.To("spec", list).At("name", name)
}

// IsFlag reports whether an argument is a flag, not a value.
func IsFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }
