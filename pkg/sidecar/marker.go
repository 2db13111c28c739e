package sidecar

import (
	"slices"
	"strings"
)

// PatternsKey is the annotation with the names of a workload's sidecars, on the object
// and on its pod template, for people and policies. It proves nothing: everyone who can
// write the manifest can write it, too.
const PatternsKey = "outrigger.dev/patterns"

// PhasesKey is the annotation of the object, never of its pod template, with the [Phase] in
// which the init containers and native sidecars of each sidecar start. It's a list, as
// in "tls-proxy=80,exporter=90". "cache=60/70" means init containers in phase 60 and native
// sidecars in 70. Sidecars without any of both aren't in it.
const PhasesKey = "outrigger.dev/phases"

// ContainersKey is the annotation of an object with the names of containers that aren't in
// [PatternsKey], as custom sidecars may have them. Only objects with a record have it.
const ContainersKey = "outrigger.dev/containers"

// ChecksumPrefix begins the annotation of a pod template with a checksum of what a sidecar
// reads, so that new content replaces the pods. The sidecar's name follows.
const ChecksumPrefix = "checksum.outrigger.dev/"

// A Marker is the content of one of these annotations: names, which may have values, in
// their order.
type Marker []Mark

// A Mark is one entry of a Marker, as "tls-proxy" or "tls-proxy=80".
type Mark struct {
	Name  string
	Value string // after the "="; "" if the marker has only names
}

// ParseMarker reads an annotation. It ignores empty entries, and blanks around entries, so
// that an edit by hand can't hide a name.
func ParseMarker(text string) (m Marker) {
	for _, entry := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(entry, "=")
		if name = strings.TrimSpace(name); name != "" {
			m = append(m, Mark{name, strings.TrimSpace(value)})
		}
	}
	return m
}

// String returns the text of the annotation.
func (m Marker) String() string {
	entries := make([]string, len(m))
	for i, e := range m {
		if entries[i] = e.Name; e.Value != "" {
			entries[i] += "=" + e.Value
		}
	}
	return strings.Join(entries, ",")
}

// NamesContainer reports whether a container is of one of the marker's sidecars.
func (m Marker) NamesContainer(container string) bool {
	return slices.ContainsFunc(m, func(e Mark) bool { return NamesContainer(e.Name, container) })
}

// Has reports whether the marker has a name.
func (m Marker) Has(name string) bool {
	return slices.ContainsFunc(m, func(e Mark) bool { return e.Name == name })
}

// The annotations that make an object a hook: of Helm (topics/charts_hooks), and of Argo CD (user-guide/sync-waves).
const (
	HelmHookKey = "helm.sh/hook"
	ArgoHookKey = "argocd.argoproj.io/hook"
)
