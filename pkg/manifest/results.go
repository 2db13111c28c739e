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
	results, apis := make([]any, len(fs)), t.apiVersions()
	for i, f := range fs {
		results[i] = result(f, apis)
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

// apiVersions are those of the text's objects, by reference; of the first of equal ones.
func (t *Text) apiVersions() map[sidecar.Ref]string {
	apis := make(map[sidecar.Ref]string, len(t.Objects))
	for _, o := range t.Objects {
		if _, there := apis[o.Ref]; !there {
			apis[o.Ref] = strings.TrimPrefix(o.Ref.Group+"/"+o.Version, "/")
		}
	}
	return apis
}

func result(f sidecar.Finding, apis map[sidecar.Ref]string) ordered {
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
		api, there := apis[f.Object]
		if !there {
			api = f.Object.Group
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
