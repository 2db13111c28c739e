package generate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A form is what the objects stand in.
type form int

const (
	stream    form = iota // documents
	members               // of a List
	kustomize             // a ResourceList as kustomize gives it to functions
	kpt                   // a ResourceList as kpt does
	jsonText              // a List in JSON
	jsonTexts             // objects in JSON, one behind another
	printed               // a List in JSON, as kubectl prints what a cluster has
)

// String names the form.
func (f form) String() string {
	return []string{"stream", "List", "kustomize", "kpt", "JSON", "JSON values", "printed JSON"}[f]
}

// addMetadata gives objects what the runner adds, and restricts how they're written.
func (f form) addMetadata(r random, p *Pair, h *hand) {
	switch f {
	case kustomize:
		p.layout = layout{indent: 2, compact: true, gap: 1}
		h.comments, h.sorted, h.brackets = 0, true, 0
	case kpt:
		p.layout = layout{indent: 2, compact: true, gap: 1}
	}
	if f == printed {
		p.layout.indent = 4
	}
	for i, o := range p.objects {
		switch f {
		case kustomize:
			id := fmt.Sprintf("'{\"name\":%q}'", o.at("metadata", "name").value)
			o.addAnnotation("kustomize.config.k8s.io/id", raw(id), true)
			if o.workload && r.one(3) {
				o.addAnnotation("internal.config.kubernetes.io/previousNames", str(o.at("metadata", "name").value), true)
			}
		case kpt:
			for _, k := range []string{"internal.config.kubernetes.io/", "config.kubernetes.io/"} {
				o.addAnnotation(k+"index", raw(fmt.Sprintf("'%d'", i)), false)
				o.addAnnotation(k+"path", raw("'manifests.yaml'"), false)
			}
			if r.one(2) {
				o.addAnnotation("internal.config.kubernetes.io/seqindent", raw("'compact'"), false)
			}
		case jsonText, jsonTexts:
			o.asJSON()
		case printed:
			o.asJSON()
			o.walk(func(n *Node) { n.broken = true })
		}
	}
	if f == kustomize {
		for _, o := range p.objects {
			o.walk(func(n *Node) {
				if n.kind == mapKind && !o.fixed {
					slices.SortStableFunc(n.entries, func(a, b *Entry) int { return strings.Compare(a.key, b.key) })
				}
			})
		}
	}
}

// addAnnotation adds an annotation as a runner does.
func (o *Object) addAnnotation(key string, v *Node, first bool) {
	meta := o.at("metadata")
	at := meta.at("annotations")
	if at == nil || at.kind != mapKind {
		at = dict()
		meta.set("annotations", at)
	}
	if at.set(key, v); first {
		n := len(at.entries)
		at.entries = append(at.entries[n-1:], at.entries[:n-1]...)
	}
}

// asJSON makes an object JSON, in which there are few ways to write a scalar, and
// neither aliases nor merge keys.
func (o *Object) asJSON() {
	anchors := map[string]*Node{}
	o.walk(func(n *Node) {
		if name, ok := strings.CutPrefix(n.prefix, "&"); ok {
			anchors[strings.TrimSpace(name)] = n
		}
	})
	o.walk(func(n *Node) {
		n.drop("<<")
		if name, ok := strings.CutPrefix(n.text, "*"); ok && anchors[name] != nil {
			*n = *anchors[name].clone()
		}
	})
	o.walk(func(n *Node) {
		n.flow, n.fixed, n.prefix = true, true, ""
		switch {
		case len(n.body) > 0:
			n.kind, n.value, n.body = stringKind, strings.Join(n.body, "\n")+"\n", nil
		case n.text == "" || n.text == "~" || n.text == "Null":
			n.text = "null"
		case strings.HasPrefix(n.text, "[ ") || strings.HasPrefix(n.text, "{ ") || json.Valid([]byte(n.text)):
		default:
			n.kind, n.value = stringKind, n.text
		}
		for _, e := range n.entries {
			e.quote = "\""
		}
	})
}

// textIn is that of all objects.
func (f form) textIn(p *Pair) string {
	var b strings.Builder
	switch f {
	case stream:
		for _, o := range p.objects {
			b.WriteString(o.between + f.objectIn(p, o))
		}
		return b.String()
	case jsonTexts:
		for _, o := range p.objects {
			b.WriteString(f.objectIn(p, o))
			if p.layout.compact {
				b.WriteString("\n")
			}
		}
		return b.String()
	case members:
		b.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	case kustomize, kpt:
		b.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	case jsonText:
		b.WriteString("{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n")
	case printed:
		b.WriteString("{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n")
	}
	for i, o := range p.objects {
		b.WriteString(f.objectIn(p, o))
		if (f == jsonText || f == printed) && i < len(p.objects)-1 {
			b.WriteString(",\n")
		}
	}
	switch f {
	case jsonText:
		b.WriteString("\n]}\n")
	case printed:
		b.WriteString("\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n")
	}
	return b.String()
}

// objectIn is the text of one object.
func (f form) objectIn(p *Pair, o *Object) string {
	switch f {
	case stream:
		return p.layout.writeNode(o.Node, 0)
	case jsonText, jsonTexts:
		return strings.TrimSuffix(p.layout.writeNode(o.Node, 2), "\n")
	case printed:
		return strings.TrimSuffix(p.layout.writeNode(o.Node, 8), "\n")
	}
	col := 2
	if p.layout.compact {
		col = 0
	}
	w := writer{layout: p.layout}
	w.writeCollection(&Node{kind: listKind, entries: []*Entry{{value: o.Node}}}, col, false)
	return w.b.String()
}

// A file is how a text is stored.
type file struct {
	bom, crlf bool
	open      bool // the last line has no end
	tail      string
}

func (r random) drawFile(in form) file {
	f := file{
		bom:  r.one(20),
		crlf: r.one(8),
		open: r.one(10),
		tail: pick(r, "", "", "", "", "\n", "# end\n", "\n\n# end\n\n"),
	}
	if in == stream && r.one(4) {
		f.tail = pick(r, "---\n", "...\n", "---\n# end\n")
	}
	if in == jsonTexts || in == printed { // JSON has neither comments nor a byte order mark
		f.bom, f.tail = false, pick(r, "", "\n")
	}
	return f
}

// addEnd finishes the text.
func (f file) addEnd(text string) string {
	text += f.tail
	if f.open {
		text = strings.TrimSuffix(text, "\n")
	}
	if f.bom {
		text = "\ufeff" + text
	}
	return f.setBreaks(text)
}

func (f file) setBreaks(text string) string {
	if f.crlf {
		return strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}
