package manifest

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WithResults adds findings to a ResourceList, as the KRM functions specification
// has them.
func (e Edited) WithResults(fs sidecar.Findings) (Edited, error) {
	if len(fs) == 0 {
		return e, nil
	}
	t := e.text
	root, err := t.root()
	if err != nil {
		return Edited{}, err
	}
	results := make([]any, len(fs))
	for i, f := range fs {
		results[i] = result(t, f)
	}
	w := &editor{lines: t.lines, style: style{indent: 2, compact: true, newline: t.br}, json: isJSON(root)}
	at := root.field("results")
	switch {
	case at != nil && at.kind == sequenceNode && len(at.vals) > 0: // of functions before us
		for _, r := range results {
			if at.flow {
				w.insertFlow(at, sidecar.Step{Key: "."}, r, -1, false)
			} else {
				w.splice(w.tail(at), 0, w.newline+blanks(at.col)+w.item(r, at.col))
			}
		}
	default:
		w.walk(root, &patch{below: []*patch{{step: sidecar.Step{Field: "results"}, set: true, value: results}}}, nil)
	}
	if len(w.errs) > 0 {
		return Edited{}, w.errs[0]
	}
	return edited(t, append(slices.Clone(e.splices), w.splices...)), nil
}

func result(t *Text, f sidecar.Finding) ordered {
	message := f.Message
	if f.Sidecar != "" {
		message = f.Sidecar + ": " + message
	}
	if f.Hint != "" {
		message += "; " + f.Hint
	}
	if f.Object == (sidecar.Ref{}) && f.Field != "" {
		message = f.Field + ": " + message // a field alone would be taken for the resource's
	}
	r := ordered{{"message", sidecar.OneLine(message)}, {"severity", string(f.Severity)}}
	if f.Object != (sidecar.Ref{}) {
		api := f.Object.Group
		for _, o := range t.Objects {
			if o.Ref == f.Object {
				api = strings.TrimPrefix(o.Ref.Group+"/"+o.Version, "/")
				break
			}
		}
		ref := ordered{{"apiVersion", sidecar.OneLine(api)}, {"kind", sidecar.OneLine(f.Object.Kind)}, {"name", sidecar.OneLine(f.Object.Name)}}
		if f.Object.Namespace != "" {
			ref = append(ref, entry{"namespace", sidecar.OneLine(f.Object.Namespace)})
		}
		r = append(r, entry{"resourceRef", ref})
		if f.Field != "" {
			r = append(r, entry{"field", ordered{{"path", sidecar.OneLine(f.Field)}}})
		}
	}
	if f.File != "" {
		r = append(r, entry{"file", ordered{{"path", sidecar.OneLine(f.File)}}})
	}
	return append(r, entry{"tags", ordered{{"code", f.Code}}})
}
