package manifest

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WithResults adds findings to a ResourceList, as the KRM functions specification
// has them.
func (t Edited) WithResults(fs sidecar.Findings) (Edited, error) {
	if len(fs) == 0 {
		return t, nil
	}
	root, err := t.text.root()
	if err != nil {
		return Edited{}, err
	}
	results := make([]any, len(fs))
	for i, f := range fs {
		results[i] = result(t.text, f)
	}
	e := &editor{lines: t.text.lines, style: style{indent: 2, compact: true, newline: t.text.br}, json: isJSON(root)}
	at := root.field("results")
	switch {
	case at != nil && at.kind == sequenceNode && len(at.vals) > 0: // of functions before us
		for _, r := range results {
			if at.flow {
				e.insertFlow(at, sidecar.Step{Key: "."}, r, -1, false)
			} else {
				e.splice(e.tail(at), 0, e.newline+blanks(at.col)+e.item(r, at.col))
			}
		}
	default:
		e.walk(root, &patch{below: []*patch{{step: sidecar.Step{Field: "results"}, set: true, value: results}}}, nil)
	}
	if len(e.errs) > 0 {
		return Edited{}, e.errs[0]
	}
	return edited(t.text, append(slices.Clone(t.splices), e.splices...)), nil
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
	r := ordered{{"message", strings.ReplaceAll(message, "\n", " ")}, {"severity", string(f.Severity)}}
	if f.Object != (sidecar.Ref{}) {
		api := f.Object.Group
		for _, o := range t.Objects {
			if o.Ref == f.Object {
				api = strings.TrimPrefix(o.Ref.Group+"/"+o.Version, "/")
				break
			}
		}
		ref := ordered{{"apiVersion", api}, {"kind", f.Object.Kind}, {"name", f.Object.Name}}
		if f.Object.Namespace != "" {
			ref = append(ref, entry{"namespace", f.Object.Namespace})
		}
		r = append(r, entry{"resourceRef", ref})
		if f.Field != "" {
			r = append(r, entry{"field", ordered{{"path", f.Field}}})
		}
	}
	if f.File != "" {
		r = append(r, entry{"file", ordered{{"path", f.File}}})
	}
	return append(r, entry{"tags", ordered{{"code", f.Code}}})
}
