package manifest

import (
	"path"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// MarkPatches finds the kustomizations among the texts, and marks texts that one of them names
// as patches and none names as a resource. See [Object.PatchedBy].
func MarkPatches(texts []*Text) {
	patches, resources := map[string]string{}, map[string]bool{}
	for _, t := range texts {
		isFile := isKustomization(t.Name)
		if !isFile && !t.hasPlugin() {
			continue
		}
		docs, _, err := t.lines.ReadAny(0, len(t.lines.Text), "")
		if err != nil {
			continue
		}
		for _, n := range docs {
			if isFile || isPlugin(n) {
				collectPaths(t.Name, n, patches, resources)
			}
		}
	}
	for _, t := range texts {
		if name := path.Clean(t.Name); t.Name != "" && !resources[name] {
			t.patchedBy = patches[name]
		}
	}
}

func isKustomization(name string) bool {
	base := path.Base(name)
	return base == "kustomization.yaml" || base == "kustomization.yml"
}

// hasPlugin reports whether a text configures a plugin that is part of kustomize.
func (t *Text) hasPlugin() bool { return t.containsWord("builtin") }

func isPlugin(n *positioned.Node) bool { return n.Field("apiVersion").TypeName() == "builtin" }

// collectPaths collects the files that a kustomization or a plugin names, by their paths.
func collectPaths(name string, n *positioned.Node, patches map[string]string, resources map[string]bool) {
	pathOf := func(n *positioned.Node) string { return path.Join(path.Dir(name), n.ScalarText()) }
	for _, field := range []string{"patches", "patchesStrategicMerge", "patchesJson6902", "path", "paths"} {
		value := n.Field(field).Resolve()
		if value == nil {
			continue
		}
		for _, v := range append([]*positioned.Node{value}, value.Values...) {
			if v = v.Resolve(); v.Field("path") != nil {
				v = v.Field("path")
			}
			if v.ScalarText() != "" {
				patches[pathOf(v)] = name
			}
		}
	}
	if value := n.Field("resources").Resolve(); value != nil {
		for _, v := range value.Values {
			resources[pathOf(v)] = true
		}
	}
}

// PatchedBy returns the kustomization that names the object's file as a patch; "" if the
// object isn't a patch. One that a cluster would accept isn't: its author could keep
// sidecars off it that way.
func (o *Object) PatchedBy() string {
	if o.text.patchedBy == "" || o.HasRecord() || o.isComplete() {
		return ""
	}
	return o.text.patchedBy
}

// isComplete reports whether an object has what a cluster asks of a workload: images, and a
// selector if its kind needs one.
func (o *Object) isComplete() bool {
	all := o.Templates(nil)
	_, known := builtin[[2]string{o.Ref.Group, o.Ref.Kind}]
	if len(all) == 0 {
		return !known && o.mayMention("containers") // at a path that only the document knows
	}
	for _, at := range all {
		containers := reachNode(o.rootNode(), at.To("spec", "containers"))
		if containers == nil || len(containers.Values) == 0 {
			return false
		}
		for _, c := range containers.Values {
			if c.Resolve().Field("image").ScalarText() == "" {
				return false
			}
		}
	}
	return o.Ref.Group != "apps" || reachNode(o.rootNode(), sidecar.Fields("spec", "selector")) != nil
}
