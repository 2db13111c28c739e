package manifest

import (
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Annotations that runners put on objects while functions run. Those that no package
// exports are kpt's (package-path) and kustomize's own (api/internal/utils).
const (
	pathAnnotation = kioutil.PathAnnotation
	//lint:ignore SA1019 kpt and kustomize write and read it as long as there are older functions
	legacyPathAnnotation = kioutil.LegacyPathAnnotation
	packageAnnotation    = "internal.config.kubernetes.io/package-path"
	localAnnotation      = LocalKey
	kustomizeAnnotation  = "kustomize.config.k8s.io/id"
	previousNames        = "internal.config.kubernetes.io/previousNames"
	previousNamespaces   = "internal.config.kubernetes.io/previousNamespaces"
)

// LocalKey is the annotation that keeps an object from clusters, by the value "true":
// kustomize and kpt leave it out.
const LocalKey = "config.kubernetes.io/local-config"

// An Object is one object of a text. It is read when something in it is asked for.
type Object struct {
	Ref     sidecar.Ref
	Version string

	text     *Text
	from, to int              // its lines; of a list's member from that of its dash
	unsure   bool             // a search for text is no proof of what isn't there
	node     *positioned.Node // when it was read
	err      error            // of reading it
	meta     [2]int           // the lines of metadata, where they're known
	part     *positioned.Node // a mapping with nothing but metadata, when that was read

	styled values.Style // when it was looked at

	list  *list // that it's a member of, or nil
	index int   // in the list
	dash  int   // where its dash stands
}

// setHead takes what is known of an object before it's read.
func (o *Object) setHead(api, kind, namespace, name string) {
	o.Version = api
	if group, version, ok := strings.Cut(api, "/"); ok {
		o.Ref.Group, o.Version = group, version
	}
	o.Ref.Kind, o.Ref.Namespace, o.Ref.Name = kind, namespace, name
}

// setHeadFrom takes the head from the object's node.
func (o *Object) setHeadFrom(n *positioned.Node) {
	o.setHead(n.Field("apiVersion").TypeName(), n.Field("kind").TypeName(),
		n.At("metadata", "namespace").ScalarText(), n.At("metadata", "name").ScalarText())
}

// rootNode is the object's node. One that can't be read is empty, and in the end an
// error, see [Unread].
func (o *Object) rootNode() *positioned.Node {
	if o.node == nil {
		o.readSource()
	}
	return o.node
}

func (o *Object) readSource() {
	o.node, o.err = positioned.ReadObject(o.text.lines, o.from, o.to, o.list != nil)
	if o.err == nil {
		o.err = o.node.Check(o.text.lines)
	}
	if o.err != nil {
		o.node = &positioned.Node{Kind: positioned.Mapping, Start: o.from, End: o.to}
	}
}

// Release drops what was read, to be read again when it's wanted.
func (o *Object) Release() {
	if o.from < o.to && o.err == nil {
		o.node, o.part = nil, nil
	}
}

// withMeta is a node that has the object's metadata: where only that is asked for,
// only that is read.
func (o *Object) withMeta() *positioned.Node {
	if o.node == nil && o.part == nil && o.meta[0] < o.meta[1] && !o.unsure {
		if n, ok := positioned.ReadFast(o.text.lines, o.meta[0], o.meta[1], false); ok && n.Check(o.text.lines) == nil {
			o.part = n
		}
	}
	if o.node == nil && o.part != nil {
		return o.part
	}
	return o.rootNode()
}

// mayMention reports whether a field's name may stand in the object: what isn't
// mentioned needn't be read.
func (o *Object) mayMention(name string) bool {
	return o.unsure || o.text.containsWord(name) && strings.Contains(o.text.lines.Text[o.from:o.to], name)
}

// hidesWords reports whether an object that was read and stands alone says something that
// isn't found in its text: by an escape or in base64.
func (o *Object) hidesWords() bool {
	return strings.IndexByte(o.text.lines.Text[o.from:o.to], '\\') >= 0 || o.node.HasBinary()
}

// Text is the text that the object stands in.
func (o *Object) Text() *Text { return o.text }

// Line is where the object begins in its text.
func (o *Object) Line() int { return o.text.lines.LineNumber(o.rootNode().Start) }

// LineOf is where the value at a path begins, or the object.
func (o *Object) LineOf(path sidecar.Path) int {
	for n := len(path); n > 0; n-- {
		if v := reachNode(o.rootNode(), path[:n]); v != nil {
			return o.text.lines.LineNumber(v.Start)
		}
	}
	return o.Line()
}

// File is where the object comes from: what the runner says, else the text's name.
func (o *Object) File() string {
	for _, a := range []string{pathAnnotation, legacyPathAnnotation} {
		if f := o.Annotation(a); f != "" {
			return f
		}
	}
	return o.text.Name
}

// Annotation is the value of an annotation, or "".
func (o *Object) Annotation(key string) string {
	if !o.mayMention(key) {
		return ""
	}
	return o.withMeta().At("metadata", "annotations", key).ScalarText()
}

// nodeFor is the node in which a path is looked for.
func (o *Object) nodeFor(path []string) *positioned.Node {
	if len(path) > 0 && path[0] == "metadata" {
		return o.withMeta()
	}
	return o.rootNode()
}

// Labels of the object.
func (o *Object) Labels() map[string]string { return o.Strings("metadata", "labels") }

// Annotations of the object.
func (o *Object) Annotations() map[string]string { return o.Strings("metadata", "annotations") }

// Strings reads a mapping of strings, as labels are.
func (o *Object) Strings(path ...string) map[string]string {
	n := o.nodeFor(path).At(path...)
	if n == nil || n.Kind != positioned.Mapping {
		return nil
	}
	m := make(map[string]string, len(n.Keys))
	for k, v := range n.EachField {
		if v = v.Resolve(); v != nil && v.Kind == positioned.Scalar {
			m[k] = v.DecodedText()
		}
	}
	return m
}

// Keys are the fields of a mapping.
func (o *Object) Keys(path ...string) []string {
	n := o.nodeFor(path).At(path...)
	if n == nil || n.Kind != positioned.Mapping {
		return nil
	}
	keys := make([]string, 0, len(n.Keys))
	for k := range n.EachField {
		keys = append(keys, k)
	}
	return keys
}

// PreviousNames are the names and namespaces that kustomize says the object had.
func (o *Object) PreviousNames() (names, namespaces []string) {
	split := func(key string) []string {
		if v := o.Annotation(key); v != "" {
			return strings.Split(v, ",")
		}
		return nil
	}
	return split(previousNames), split(previousNamespaces)
}

// ByKustomize reports whether kustomize runs us: only it sets its id.
func (o *Object) ByKustomize() bool { return o.Annotation(kustomizeAnnotation) != "" }

// NeedsHash reports whether kustomize will put a hash of the content into the name.
func (o *Object) NeedsHash() bool { return o.Annotation(needsHash) != "" }

// InPlace reports whether the runner writes files back: it tells their paths.
func (o *Object) InPlace() bool { return o.Annotation(pathAnnotation) != "" && !o.ByKustomize() }

// IsLocal reports whether a runner was told to keep the object from clusters.
func (o *Object) IsLocal() bool {
	return o.Annotation(localAnnotation) == "true" && o.text.IsResourceList()
}

// IsToolConfig reports whether the object is none of ours to look at: configuration
// of the tools themselves, which never gets to a cluster. The annotation
// local-config says so to kpt and kustomize alone: what comes in a stream, kubectl
// applies whatever it says.
func (o *Object) IsToolConfig() bool {
	return o.text.IsResourceList() && o.Annotation(localAnnotation) == "true" || o.Ref.Group == "outrigger.dev" ||
		o.Ref.Kind == "Kustomization" || o.Ref.Kind == "Component" && strings.HasPrefix(o.Ref.Group, "kustomize.") ||
		o.Ref.Kind == "Kptfile" || o.Ref.Kind == ""
}

// Decode reads the value at a path into an API type; nothing there leaves it as
// it is.
func (o *Object) Decode(path sidecar.Path, into any) error {
	n := reachNode(o.rootNode(), path)
	if n == nil {
		return nil
	}
	return positioned.DecodeInto(n, into)
}

// Value is what stands at a path: not at all, or a value to compare by Same.
func (o *Object) Value(path sidecar.Path) (v any, there bool) {
	n := reachNode(o.rootNode(), path)
	if n == nil || n.IsNull() {
		return nil, false
	}
	v, err := positioned.ValueOf(n)
	return v, err == nil
}

// HasContentOf reports whether the object has the content of another, all but its metadata. No
// object holds none.
func (o *Object) HasContentOf(other sidecar.Object) bool {
	want, err := values.DecodeJSON(other.RawMessage)
	if o == nil || err != nil {
		return false
	}
	have, err := positioned.ValueOf(o.rootNode())
	return err == nil && contentHash(have) == contentHash(want)
}

// SameValue reports whether what Have gave is equal to a value that encoding/json writes.
func SameValue(have, want any) bool {
	v, err := values.Of(want)
	return err == nil && values.Equal(have, v)
}

// templates are where pod templates stand in the kinds that are known to have
// one, and in most custom resources.
var templates = []string{"spec.template", "spec.jobTemplate.spec.template", "spec.jobTargetRef.template", "template"}

// Template finds the pod template by its shape: a spec with containers. more are
// paths besides the usual ones.
func (o *Object) Template(more []string) (sidecar.Path, bool) {
	all := o.Templates(more)
	if len(all) == 0 {
		return nil, false
	}
	return all[0], true
}

// Templates are all pod templates of the object. In a kind of Kubernetes' own there is
// one at most, whatever stands elsewhere.
func (o *Object) Templates(more []string) (all []sidecar.Path) {
	if o.Ref.Kind == "Pod" && o.Ref.Group == "" {
		return []sidecar.Path{{}}
	}
	if !o.mayMention("containers") {
		return nil
	}
	at := append(more[:len(more):len(more)], templates...)
	if known, ok := builtin[[2]string{o.Ref.Group, o.Ref.Kind}]; ok {
		at = []string{known}
	}
	for i, t := range at {
		fields := strings.Split(t, ".")
		n := o.rootNode().At(append(fields, "spec", "containers")...)
		if n != nil && n.Kind == positioned.Sequence && !slices.Contains(at[:i], t) {
			all = append(all, sidecar.Fields(fields...))
		}
	}
	return all
}

// builtin are the kinds of Kubernetes that have a pod template, by group and kind.
var builtin = map[[2]string]string{
	{"apps", "Deployment"}: "spec.template", {"extensions", "Deployment"}: "spec.template",
	{"apps", "DaemonSet"}: "spec.template", {"extensions", "DaemonSet"}: "spec.template",
	{"apps", "ReplicaSet"}: "spec.template", {"extensions", "ReplicaSet"}: "spec.template",
	{"apps", "StatefulSet"}: "spec.template", {"", "ReplicationController"}: "spec.template",
	{"batch", "Job"}: "spec.template", {"batch", "CronJob"}: "spec.jobTemplate.spec.template",
	{"", "PodTemplate"}: "template",
}
