package manifest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

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
	results, objects := make([]any, len(fs)), t.firstObjects()
	for i, f := range fs {
		results[i] = t.makeResult(f, objects)
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

// firstObjects returns the text's objects by reference. The first of equal ones is used.
func (t *Text) firstObjects() map[sidecar.Ref]*Object {
	objects := make(map[sidecar.Ref]*Object, len(t.Objects))
	for _, o := range t.Objects {
		if _, there := objects[o.Ref]; !there {
			objects[o.Ref] = o
		}
	}
	return objects
}

// versionOf returns the apiVersion of an object of a group and kind, which may be the functionConfig.
func (t *Text) versionOf(ref sidecar.Ref) string {
	if ref.Group == "" {
		return "v1"
	}
	var head yaml.TypeMeta
	if t.FunctionConfig == nil || t.FunctionConfig.Decode(&head) != nil || head.Kind != ref.Kind ||
		!strings.HasPrefix(head.APIVersion, ref.Group+"/") {
		return ref.Group
	}
	return head.APIVersion
}

func (t *Text) makeResult(f sidecar.Finding, objects map[sidecar.Ref]*Object) values.Map {
	var o *Object
	if f.Object != (sidecar.Ref{}) {
		o = objects[f.Object]
	}
	if o != nil {
		defer o.Release() // its annotations are read for its file
	}
	message := f.About()
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
		api := ""
		if o == nil {
			api = t.versionOf(f.Object)
		} else {
			api = strings.TrimPrefix(f.Object.Group+"/"+o.Version, "/")
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
	if f.File == "" && o != nil {
		f.File = o.File()
	}
	if f.File != "" {
		r = r.WithField(sidecar.OneLine(f.File), "file", "path")
		if o != nil && o.placeIndex() > 0 {
			r = r.WithField(json.Number(strconv.Itoa(o.placeIndex())), "file", "index")
		}
	}
	return r.WithField(f.Code, "tags", "code")
}
