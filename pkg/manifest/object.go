package manifest

import (
	"cmp"
	"errors"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Annotations that runners write on objects while functions run. No package exports those of
// kpt (package-path) and kustomize (api/internal/utils).
const (
	pathAnnotation = kioutil.PathAnnotation
	//lint:ignore SA1019 kpt and kustomize write and read it as long as there are older functions
	legacyPathAnnotation = kioutil.LegacyPathAnnotation
	indexAnnotation      = kioutil.IndexAnnotation
	//lint:ignore SA1019 as above
	legacyIndexAnnotation = kioutil.LegacyIndexAnnotation
	packageAnnotation     = "internal.config.kubernetes.io/package-path"
	localAnnotation       = LocalKey
	originAnnotation      = "config.kubernetes.io/origin"
	kustomizeAnnotation   = "kustomize.config.k8s.io/id"
	previousNames         = "internal.config.kubernetes.io/previousNames"
	previousNamespaces    = "internal.config.kubernetes.io/previousNamespaces"
)

// LocalKey is the annotation that keeps an object out of clusters, with the value "true":
// kustomize and kpt don't emit it.
const LocalKey = "config.kubernetes.io/local-config"

// An Object is one object of a text. It's read when something in it is needed.
type Object struct {
	Ref     sidecar.Ref
	Version string

	text     *Text
	from, to int               // its lines; a list's member begins with the line of its dash
	lacks    uint64            // bits of known annotations that it certainly doesn't have
	unsure   bool              // a word that isn't in the text may still be in the object
	node     *positioned.Node  // nil until it's read
	err      error             // of reading it
	meta     [2]int            // the lines of metadata, if they're known
	flow     bool              // meta has the bounds of a value in brackets
	part     *positioned.Node  // a mapping with metadata alone, if only that was read
	arena    *positioned.Arena // of these nodes; nil: none of them came from one

	styled values.Style // set at the first use

	list  *list // the list of which it's a member, or nil
	index int   // in the list
	dash  int   // offset of its dash
}

// setHead sets the fields of an object that are known before it's read. Where the API server
// makes the name, the reference has what it begins with.
func (o *Object) setHead(api, kind, namespace, name string) {
	o.Version = api
	if group, version, ok := strings.Cut(api, "/"); ok {
		o.Ref.Group, o.Version = group, version
	}
	o.Ref.Kind, o.Ref.Namespace, o.Ref.Name = kind, namespace, name
}

// setHeadFrom sets them from the object's node.
func (o *Object) setHeadFrom(n *positioned.Node) {
	o.setHead(n.Field("apiVersion").TypeName(), n.Field("kind").TypeName(),
		n.At("metadata", "namespace").ScalarText(),
		cmp.Or(n.At("metadata", "name").ScalarText(), n.At("metadata", "generateName").ScalarText()))
}

// noteMeta notes where the metadata of an object stands that was read, so that it needn't
// be read again as a whole.
func (o *Object) noteMeta() {
	o.meta, o.flow = [2]int{}, false
	if m := o.node.Field("metadata"); m != nil && m.Flow {
		o.meta, o.flow = [2]int{m.Start, m.End}, true
	}
}

// rootNode returns the object's node. It's empty for an object that can't be read, which
// [ParseFindings] reports.
func (o *Object) rootNode() *positioned.Node {
	if o.node == nil {
		o.readSource()
	}
	return o.node
}

func (o *Object) readSource() {
	o.node, o.err = o.ownArena().ReadObject(o.text.lines, o.from, o.to, o.list != nil)
	if o.err == nil {
		o.err = o.node.Check(o.text.lines)
	}
	if o.err != nil {
		o.node = &positioned.Node{Kind: positioned.Mapping, Start: o.from, End: o.to}
	}
}

// withMeta returns a node with the object's metadata. It reads no more than that, if
// possible.
func (o *Object) withMeta() *positioned.Node {
	if o.node == nil && o.part == nil && o.meta[0] < o.meta[1] && !o.unsure {
		if n, ok := o.ownArena().ReadFast(o.text.lines, o.meta[0], o.meta[1], false); ok && n.Check(o.text.lines) == nil {
			if o.part = n; o.flow {
				key := &positioned.Node{Kind: positioned.Scalar, Tag: positioned.TagString, Value: "metadata"}
				o.part = &positioned.Node{Kind: positioned.Mapping, Tag: positioned.TagMap,
					Keys: []*positioned.Node{key}, Values: []*positioned.Node{n}}
			}
		}
	}
	if o.node == nil && o.part != nil {
		return o.part
	}
	return o.rootNode()
}

// mayMention reports whether the object may have a field of a name. If not, it needn't be
// read.
func (o *Object) mayMention(name string) bool {
	return o.unsure || o.text.mayContain(name) && strings.Contains(o.text.lines.Text[o.from:o.to], name)
}

// MayHave reports whether the object may have a field of a name with a value of one word, without reading it. Any value
// will do if the value is "". An escape may hide a value, but not a name: objects with such names are unsure.
func (o *Object) MayHave(name, value string) bool {
	if o.unsure {
		return true
	}
	text := o.text.lines.Text[o.from:o.to]
	return o.mayMention(name) && (strings.Contains(text, value) || strings.IndexByte(text, '\\') >= 0)
}

// hidesWords reports whether an object that was read alone may have words that its text
// doesn't show: through escapes or base64.
func (o *Object) hidesWords() bool {
	return strings.IndexByte(o.text.lines.Text[o.from:o.to], '\\') >= 0 || o.node.HasBinary()
}

// Text returns the text with the object.
func (o *Object) Text() *Text { return o.text }

// Line returns the line at which the object begins.
func (o *Object) Line() int { return o.text.lines.LineNumber(o.rootNode().Start) }

// LineOf returns the line of the value at a path, or that of the object.
func (o *Object) LineOf(path sidecar.Path) int {
	for n := len(path); n > 0; n-- {
		if v := reachNode(o.rootNode(), path[:n]); v != nil {
			return o.text.lines.LineNumber(v.Start)
		}
	}
	return o.Line()
}

// File returns the object's file: the text's name, or that of the runner's annotation, from the outermost package.
// kustomize has no files: behind the first function of a build, the annotation has a name that is made up.
func (o *Object) File() string {
	if o.text.Name != "" {
		return o.text.Name
	}
	if o.ByKustomize() {
		return o.origin()
	}
	return o.fromOuterPackage(cmp.Or(o.Annotation(pathAnnotation), o.Annotation(legacyPathAnnotation)))
}

// origin returns the file that kustomize read the object from, if the kustomization has buildMetadata:
// [originAnnotations]. Other paths that it writes are of files that nobody has.
func (o *Object) origin() string {
	text := o.Annotation(originAnnotation)
	if text == "" {
		return ""
	}
	var from struct{ Path, Repo string }
	if yaml.Unmarshal([]byte(text), &from) != nil || from.Repo != "" {
		return ""
	}
	return from.Path
}

// Annotation returns the value of an annotation, or "".
func (o *Object) Annotation(key string) string {
	if o.lacksKnown(key) || !o.mayMention(key) {
		return ""
	}
	return o.withMeta().At("metadata", "annotations", key).ScalarText()
}

// IsGenerated reports whether the API server makes the object's name, from generateName. Then
// two objects with one reference are two in a cluster.
func (o *Object) IsGenerated() bool {
	if o.lacksKnown("generateName") || !o.mayMention("generateName") {
		return false
	}
	meta := o.withMeta().At("metadata")
	return meta.At("name").ScalarText() == "" && meta.At("generateName").ScalarText() != ""
}

// nodeFor returns the node to search for a path.
func (o *Object) nodeFor(path []string) *positioned.Node {
	if len(path) > 0 && path[0] == "metadata" {
		return o.withMeta()
	}
	return o.rootNode()
}

// Labels returns the labels of the object.
func (o *Object) Labels() map[string]string { return o.Strings("metadata", "labels") }

// Label returns the value of a label, or "".
func (o *Object) Label(key string) string {
	return o.withMeta().At("metadata", "labels", key).ScalarText()
}

// Annotations returns the annotations of the object.
func (o *Object) Annotations() map[string]string { return o.Strings("metadata", "annotations") }

// Strings reads a mapping of strings, such as labels.
func (o *Object) Strings(path ...string) map[string]string {
	return stringsOf(o.nodeFor(path).At(path...))
}

func stringsOf(n *positioned.Node) map[string]string {
	if n = n.Resolve(); n == nil || n.Kind != positioned.Mapping {
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

// StringsAt reads a mapping of strings at a path, which may lead into lists.
func (o *Object) StringsAt(at sidecar.Path) map[string]string { return stringsOf(o.nodeAt(at)) }

// StringAt reads one string of such a mapping.
func (o *Object) StringAt(at sidecar.Path, key string) (value string, found bool) {
	n := o.nodeAt(at).Resolve()
	if n == nil || n.Kind != positioned.Mapping {
		return "", false
	}
	v := n.Field(key).Resolve()
	if v == nil || v.Kind != positioned.Scalar {
		return "", false
	}
	return v.DecodedText(), true
}

// nodeAt returns the node at a path, or nil. One in the metadata is found without reading more than that.
func (o *Object) nodeAt(at sidecar.Path) *positioned.Node {
	if len(at) > 0 && at[0].Field == "metadata" {
		return reachNode(o.withMeta(), at)
	}
	return reachNode(o.rootNode(), at)
}

// Keys returns the names of the fields of a mapping.
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

// PreviousNames returns the earlier names and namespaces of the object, from the annotations
// of kustomize.
func (o *Object) PreviousNames() (names, namespaces []string) {
	split := func(key string) []string {
		if v := o.Annotation(key); v != "" {
			return strings.Split(v, ",")
		}
		return nil
	}
	return split(previousNames), split(previousNamespaces)
}

// ByKustomize reports whether kustomize runs the function: only it sets this annotation.
func (o *Object) ByKustomize() bool { return o.Annotation(kustomizeAnnotation) != "" }

// NeedsHash reports whether kustomize will append a hash of the content to the name.
func (o *Object) NeedsHash() bool { return o.Annotation(needsHash) != "" }

// InPlace reports whether the runner writes files back: then the object has a path.
func (o *Object) InPlace() bool { return o.Annotation(pathAnnotation) != "" && !o.ByKustomize() }

// IsLocal reports whether the object has an annotation that keeps it out of clusters.
func (o *Object) IsLocal() bool {
	return o.Annotation(localAnnotation) == "true" && o.text.IsResourceList()
}

// IsToolConfig reports whether the object is configuration of a tool or a patch, which never
// gets into a cluster. Only kpt and kustomize read the annotation local-config: kubectl applies an
// object of a stream despite it.
func (o *Object) IsToolConfig() bool {
	switch o.Ref.Kind {
	case "", "Kustomization", "Kptfile":
		return true
	case "Component":
		return strings.HasPrefix(o.Ref.Group, "kustomize.")
	}
	return o.text.IsResourceList() && o.Annotation(localAnnotation) == "true" || o.Ref.Group == "outrigger.dev" ||
		o.PatchedBy() != ""
}

// Decode reads the value at a path into an API type. If there is none, it changes nothing.
func (o *Object) Decode(path sidecar.Path, into any) error {
	n := reachNode(o.rootNode(), path)
	if n == nil {
		return nil
	}
	err := positioned.DecodeInto(n, into)
	var wrong *positioned.FieldError
	if errors.As(err, &wrong) {
		return &FieldError{Field: wrong.Path, Line: o.lineOf(wrong.Node), Message: wrong.Message}
	}
	return err
}

// A FieldError is a value that [Object.Decode] can't read.
type FieldError struct {
	Field   string // from the value that was decoded, as in spec.containers[name=app].stdin
	Line    int
	Message string
}

func (e *FieldError) Error() string { return e.Field + " " + e.Message }

// Value returns the value at a path, for [SameValue].
func (o *Object) Value(path sidecar.Path) (v any, there bool) {
	n := reachNode(o.rootNode(), path)
	if n == nil || n.IsNull() {
		return nil, false
	}
	v, err := positioned.ValueOf(n)
	return v, err == nil
}

// ScalarText returns the text of a scalar at a path, without quotes, or "" where there's none.
func (o *Object) ScalarText(path sidecar.Path) string {
	return reachNode(o.rootNode(), path).ScalarText()
}

// HasContentOf reports whether the object has the content of another one, apart from
// metadata. A nil object has none.
func (o *Object) HasContentOf(other sidecar.Object) bool {
	want, err := values.DecodeJSON(other.RawMessage)
	if o == nil || err != nil {
		return false
	}
	have, err := positioned.ValueOf(o.rootNode())
	return err == nil && contentHash(have) == contentHash(want)
}

// SameValue reports whether a result of [Object.Value] equals a value that encoding/json
// writes. Quantities of resources are equal however they're written.
func SameValue(have, want any) bool {
	if same, isQuantity := sidecar.CompareQuantity(have, want); isQuantity {
		return same
	}
	v, err := values.Of(want)
	return err == nil && values.Equal(have, v)
}
