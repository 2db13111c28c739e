package manifest

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WithResults adds findings to a ResourceList, in the form of the KRM functions
// specification.
func (e Edited) WithResults(fs sidecar.Findings) (Edited, error) {
	if len(fs) == 0 {
		return e, nil
	}
	t := e.text
	root, err := t.resourceRoot()
	if err != nil {
		return Edited{}, err
	}
	results, apis := make([]any, len(fs)), t.apiVersions()
	for i, f := range fs {
		results[i] = makeResult(f, apis)
	}
	w := &editor{Lines: t.lines, Style: values.Style{Indent: 2, Compact: true, Newline: t.lines.Break},
		json: root.IsJSON()}
	at := root.Field("results")
	switch {
	case at != nil && at.Kind == positioned.Sequence && len(at.Values) > 0: // results of earlier functions
		for _, r := range results {
			if at.Flow {
				w.insertFlow(at, sidecar.Step{Key: "."}, r, -1, false)
			} else {
				w.addSplice(w.lastLineEnd(at), 0, w.Newline+values.Indentation(at.Column)+w.FormatItem(r, at.Column))
			}
		}
	default:
		w.editBelow(root, &patch{below: []*patch{{step: sidecar.Step{Field: "results"}, set: true, value: results}}}, nil)
	}
	if len(w.errs) > 0 {
		return Edited{}, w.errs[0]
	}
	return newEdited(t, append(slices.Clone(e.splices), w.splices...)), nil
}

// apiVersions returns the apiVersions of the text's objects by reference. The first of equal
// ones is used.
func (t *Text) apiVersions() map[sidecar.Ref]string {
	apis := make(map[sidecar.Ref]string, len(t.Objects))
	for _, o := range t.Objects {
		if _, there := apis[o.Ref]; !there {
			apis[o.Ref] = strings.TrimPrefix(o.Ref.Group+"/"+o.Version, "/")
		}
	}
	return apis
}

func makeResult(f sidecar.Finding, apis map[sidecar.Ref]string) values.Map {
	message := f.Message
	if f.Sidecar != "" {
		message = f.Sidecar + ": " + message
	}
	if f.Hint != "" {
		message += "; " + f.Hint
	}
	if f.Object == (sidecar.Ref{}) && f.Field != "" {
		message = f.Field + ": " + message // a field alone would look like one of the resource
	}
	r := values.Map{
		{Key: "message", Value: sidecar.OneLine(message)},
		{Key: "severity", Value: string(f.Severity)},
	}
	if f.Object != (sidecar.Ref{}) {
		api, there := apis[f.Object]
		if !there {
			api = f.Object.Group
		}
		ref := values.Map{
			{Key: "apiVersion", Value: sidecar.OneLine(api)},
			{Key: "kind", Value: sidecar.OneLine(f.Object.Kind)},
			{Key: "name", Value: sidecar.OneLine(f.Object.Name)},
		}
		if f.Object.Namespace != "" {
			ref = ref.WithField(sidecar.OneLine(f.Object.Namespace), "namespace")
		}
		r = r.WithField(ref, "resourceRef")
		if f.Field != "" {
			r = r.WithField(sidecar.OneLine(f.Field), "field", "path")
		}
	}
	if f.File != "" {
		r = r.WithField(sidecar.OneLine(f.File), "file", "path")
	}
	return r.WithField(f.Code, "tags", "code")
}
