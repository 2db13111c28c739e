package corpus

import (
	"fmt"
	"strconv"
	"strings"
)

// runners is a mapping that a runner has written: in its order and with its quotes.
type runners mapping

// quoted is a string in the runner's single quotes.
type quoted string

func (w *writer) writeRunners(o runners, col int) {
	for _, p := range o {
		w.writeLine(col)
		w.WriteString(w.writeScalar(p.key, 0) + ":")
		if q, ok := p.value.(quoted); ok {
			w.WriteString(" '" + string(q) + "'")
			continue
		}
		v := bare(p.value)
		w.writeValue(v, w.writeBlock(v), col)
	}
}

// addAnnotations puts a runner's annotations behind the object's own.
func addAnnotations(o, own mapping, more ...any) mapping {
	as := append(own[:len(own):len(own)], m(more...)...)
	return o.set("metadata", o.get("metadata").set("annotations", runners(as)))
}

// forKustomize adds what kustomize 5.8.2 adds: its id sorted among the object's
// own annotations, the others behind them.
func forKustomize(g *maker, o mapping) mapping {
	meta := o.get("metadata")
	group, version, ok := strings.Cut(o.text("apiVersion"), "/")
	if !ok {
		group, version = "", group
	}
	var id strings.Builder
	for _, field := range [][2]string{
		{"group", group},
		{"kind", g.kind.name},
		{"name", meta.text("name")},
		{"namespace", meta.text("namespace")},
		{"version", version},
	} {
		if field[1] != "" {
			fmt.Fprintf(&id, "%s: %s\n", field[0], field[1])
		}
	}
	own := meta.get("annotations").set("kustomize.config.k8s.io/id", id.String()).sorted()
	i, next := quoted(strconv.Itoa(g.index)), quoted(strconv.Itoa(g.index+1))
	return addAnnotations(o, own,
		"config.kubernetes.io/index", i,
		"internal.config.kubernetes.io/index", i,
		"internal.config.kubernetes.io/annotations-migration-resource-id", i,
		"internal.config.kubernetes.io/id", next,
		"config.k8s.io/id", next)
}

// forKpt adds what kpt 1.0.0-beta adds.
func forKpt(g *maker, o mapping, wide bool) mapping {
	meta := o.get("metadata")
	path := quoted(fmt.Sprintf("%s/%s-%s.yaml", meta.text("namespace"), strings.ToLower(g.kind.name), meta.text("name")))
	seq := quoted("compact")
	if wide {
		seq = "wide"
	}
	i, next := quoted(strconv.Itoa(g.index)), quoted(strconv.Itoa(g.index+1))
	return addAnnotations(o, meta.get("annotations"),
		"config.kubernetes.io/index", quoted("0"),
		"config.kubernetes.io/path", path,
		"internal.config.kubernetes.io/index", quoted("0"),
		"internal.config.kubernetes.io/path", path,
		"internal.config.kubernetes.io/seqindent", seq,
		"internal.config.kubernetes.io/annotations-migration-resource-id", i,
		"internal.config.kubernetes.io/id", next,
		"config.k8s.io/id", next)
}
