package generate

import (
	"fmt"
	"slices"
	"strings"
)

// names of entries. Their first letters differ, and make the entries' ports differ.
var names = []string{"agent", "boat", "edge", "third", "way", "y"}

// drawConfig asks for sidecars of the first workload, or of all.
func (r random) drawConfig(ws []workload) (config *Node, all bool) {
	w := ws[0]
	patterns := list()
	names := slices.Clone(names)
	selected := r.drawSelector(w)
	if len(ws) > 1 && r.one(3) {
		all = true
		selected = pick(r, dict("name", ".*"), dict("name", "other-?|third-?|"+w.called), dict("namespace", ".*"))
		w.inits, w.containers, w.conf = nil, w.containers[:1], false // the others have none of these
	}
	d := drawing{random: r, workload: w, all: all, taken: map[int]bool{}, keys: map[string]bool{}}
	d.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:pick(r, 1, 1, 2, 2, 3, 3, 4, 5, 6)] {
		patterns.add(d.drawEntry(name))
	}
	if r.one(12) {
		r.spoilEntry(patterns.entries[len(patterns.entries)-1].value, w)
	}
	if first := patterns.entries[0].value; len(patterns.entries) > 1 && r.one(4) &&
		starts(first) { // one stands before another
		patterns.entries[1].value.set(pick(r, "after", "before"), list(first.at("name").value))
	}
	spec := dict("select", list(selected), "patterns", patterns)
	put := func(odds int, key string, v any) { spec.set(key, r.opt(odds, v)) }
	put(3, "record", pick(r, "auto", "always", "never"))
	put(3, "rollout", pick(r, "auto", "hash", "checksum", "none"))
	put(3, "kubernetesVersion", pick(r, "1.33", "1.35", "1.30", "1.29"))
	put(60, "kubernetesVersion", "1.28")
	put(5, "images", r.drawReplacements())
	put(8, "imagePullSecrets", list(dict("name", pick(r, "mirror", "pull"))))
	put(6, "expect", dict("min", num(0)))
	put(6, "exclude", list(dict("name", "nobody"), dict("labelSelector", "never=true")))
	for _, w := range ws {
		if w.custom {
			spec.set("podTemplatePaths", list(strings.Join(w.path, ".")))
		}
	}
	meta := dict("name", pick(r, "search", "n", "a.b-c"))
	return dict("apiVersion", "outrigger.dev/v1alpha1", "kind", "Sidecars", "metadata", meta, "spec", spec), all
}

// starts reports whether an entry has a name, and brings something that starts before the app.
func starts(e *Node) bool {
	if e.at("name") == nil || e.at("placement") != nil {
		return false
	}
	return e.at("custom", "containers") != nil ||
		slices.ContainsFunc([]string{"tlsProxy", "tunnel", "vault", "redisCache", "gitSync", "otelAgent", "fetch", "waitFor"},
			func(key string) bool { return e.at(key) != nil })
}

// drawSelector selects one workload, in one of many forms.
func (r random) drawSelector(w workload) *Node {
	group, _, ok := strings.Cut(w.api, "/")
	if !ok {
		group = ""
	}
	n := dict("kind", w.kind, "name", w.called)
	if group != "" {
		n.set("group", r.opt(3, str(group)))
	}
	if w.kind == "Service" {
		n.set("group", group) // Services in front have the kind too
	}
	switch r.IntN(5) {
	case 0:
		n.set("name", fmt.Sprintf("%s|nobody", w.called))
	case 1:
		if w.labels != nil {
			n.set("podSelector", "app="+w.name+",tier!=test")
		}
	case 2:
		if w.namespace != "" {
			n.set("namespace", w.namespace)
		}
	}
	return n
}
