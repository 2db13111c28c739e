package manifest

import (
	"slices"
	"strings"
)

// builtInGroups are groups of Kubernetes whose objects have the fields of builtInFields.
var builtInGroups = []string{"", "apps", "autoscaling", "batch", "networking.k8s.io", "policy",
	"rbac.authorization.k8s.io"}

// builtInFields are the fields that objects of these groups have beside their metadata.
var builtInFields = []string{
	"apiVersion", "kind", "metadata", "spec", "status", "items",
	"data", "binaryData", "stringData", "immutable", "type", // of ConfigMap and Secret
	"secrets", "imagePullSecrets", "automountServiceAccountToken", // of ServiceAccount
	"rules", "aggregationRule", "roleRef", "subjects", // of roles and their bindings
	"subsets", "template", "conditions", "target", "revision", // of Endpoints, PodTemplate and others
}

// findStrayField looks for a line of a log that YAML takes for one more field of an object. It
// returns the place and the name of the first, or "".
func (o *Object) findStrayField() (at int, name string) {
	if o.list != nil || o.node == nil && !o.mayHaveStrayField() {
		return 0, ""
	}
	n := o.rootNode()
	if n == nil {
		return 0, ""
	}
	for _, k := range n.Keys {
		if o.isStrayField(k.Value) {
			return k.Start, k.Value
		}
	}
	return 0, ""
}

// mayHaveStrayField reports whether a line of an object that isn't read yet looks like such a field.
func (o *Object) mayHaveStrayField() bool {
	for line := range strings.Lines(o.text.lines.Text[o.from:o.to]) {
		if strings.ContainsAny(line[:1], " \t\r\n#-") {
			continue
		}
		key, _, found := strings.Cut(line, ":")
		if found && o.isStrayField(strings.Trim(strings.TrimSpace(key), `"'`)) {
			return true
		}
	}
	return false
}

// isStrayField reports whether an object can't have a field of that name. Custom resources have any
// fields, but their names aren't words of logs.
func (o *Object) isStrayField(name string) bool {
	if name == "<<" { // merges a mapping
		return false
	}
	if !fieldLine().MatchString(name + ":") {
		return true
	}
	isBuiltIn := slices.Contains(builtInGroups, o.Ref.Group) && o.Ref.Kind != "Event"
	return isBuiltIn && !slices.Contains(builtInFields, name)
}
