package generate

import (
	"fmt"
	"strings"
)

// config asks for sidecars of the first workload, or of all.
func (r random) config(ws []workload) (config *Node, all bool) {
	w := ws[0]
	patterns := list()
	selected := r.selector(w)
	if len(ws) > 1 && r.one(3) {
		all = true
		selected = pick(r, dict("name", ".*"), dict("name", "other|third|"+w.name), dict("namespace", ".*"))
		w.inits = nil // the others have none of these names
	}
	taken := map[int]bool{}
	n := 1 + r.IntN(3)
	if r.one(12) {
		n += 2 // and what they do to each other
	}
	for i := range n {
		c := pick(r, w.containers...)
		var p port
		if len(c.ports) > 0 {
			p = pick(r, c.ports...)
		} else {
			p = port{number: 8000}
		}
		if name := []string{"tls-proxy", "second", "n", "edge", "door"}[i]; !all && !taken[p.number] && (len(c.ports) > 0 || r.one(8)) && r.one(3) {
			taken[p.number] = true
			patterns.add(r.gate(r.tlsProxy(w, c, p, name)))
		} else if r.one(6) {
			patterns.add(r.tunnel(w, []string{"way", "tunnel", "out", "link", "hole"}[i]))
		} else if e := r.other(w, c, []string{"fourth", "o5", "sixth", "more", "kind"}[i]); e != nil {
			patterns.add(e)
		} else {
			patterns.add(r.custom(w, []string{"custom", "agent", "third", "both", "plus"}[i]))
		}
	}
	if r.one(12) {
		r.spoil(patterns.entries[len(patterns.entries)-1].value, w)
	}
	if first := patterns.entries[0].value; len(patterns.entries) > 1 && r.one(4) && first.at("placement") == nil && (first.at("tlsProxy") != nil || first.at("custom", "containers") != nil) { // one stands before another
		patterns.entries[1].value.set("after", list(patterns.entries[0].value.at("name").value))
	}
	spec := dict("select", list(selected), "patterns", patterns)
	put := func(odds int, key string, v any) { spec.set(key, r.opt(odds, v)) }
	put(3, "record", pick(r, "auto", "always", "never"))
	put(3, "rollout", pick(r, "auto", "hash", "checksum", "none"))
	put(3, "kubernetesVersion", pick(r, "1.33", "1.35", "1.29", "1.28"))
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

// selector selects one workload, in one of many forms.
func (r random) selector(w workload) *Node {
	group, _, ok := strings.Cut(w.api, "/")
	if !ok {
		group = ""
	}
	n := dict("kind", w.kind, "name", w.name)
	if group != "" {
		n.set("group", r.opt(3, str(group)))
	}
	if w.kind == "Service" {
		n.set("group", group) // Services in front have the kind too
	}
	switch r.IntN(5) {
	case 0:
		n.set("name", fmt.Sprintf("%s|nobody", w.name))
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
