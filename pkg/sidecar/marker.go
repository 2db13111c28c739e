package sidecar

import (
	"slices"
	"strings"
)

// PatternsKey is the annotation that names a workload's sidecars, on the object
// and on its pod template: people and policies can see it. It proves nothing: whoever
// writes the manifest can write it too.
const PatternsKey = "outrigger.dev/patterns"

// PhasesKey is the annotation of the object, never of its pod template, that says of
// each sidecar at which [Phase] its init containers and native sidecars start. It's a
// list, as in "tls-proxy=80,exporter=90"; "cache=60/70" has init containers at the one
// and native sidecars at the other. Sidecars that have neither aren't in it.
const PhasesKey = "outrigger.dev/phases"

// ContainersKey is the annotation of an object that names containers which
// [PatternsKey] doesn't name, as custom sidecars may have them. It's there where it is
// recorded what was laid on.
const ContainersKey = "outrigger.dev/containers"

// ChecksumPrefix begins the annotation of a pod template that changes with the
// content of what a sidecar reads, so that the pods are replaced; the sidecar's
// name follows.
const ChecksumPrefix = "checksum.outrigger.dev/"

// A Marker are the names that one of the annotations lists, and what it says of each.
// The order is that in which they came.
type Marker []Mark

// A Mark is one entry of a Marker, as "tls-proxy" or "tls-proxy=80".
type Mark struct {
	Name  string
	Value string // behind the "="; "" where the marker has names alone
}

// ParseMarker reads an annotation. Spaces around entries don't count, and neither do
// empty entries: what a person wrote there must not hide a name.
func ParseMarker(text string) (m Marker) {
	for _, entry := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(entry, "=")
		if name = strings.TrimSpace(name); name != "" {
			m = append(m, Mark{name, strings.TrimSpace(value)})
		}
	}
	return m
}

// String is the annotation.
func (m Marker) String() string {
	entries := make([]string, len(m))
	for i, e := range m {
		if entries[i] = e.Name; e.Value != "" {
			entries[i] += "=" + e.Value
		}
	}
	return strings.Join(entries, ",")
}

// Has reports whether the marker has a name.
func (m Marker) Has(name string) bool {
	return slices.ContainsFunc(m, func(e Mark) bool { return e.Name == name })
}
