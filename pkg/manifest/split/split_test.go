package split

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// agree holds Split against a full reader: documents, their kinds and names, their
// items, and that each item's lines alone mean what they mean in the list.
func agree(t *testing.T, text string) {
	t.Helper()
	docs, ok := read(text)
	if !ok {
		Split(text) // must not panic
		return
	}
	known := knownNames(docs)
	split, sure := Split(text, known...)
	if !sure || slices.ContainsFunc(split, func(d Document) bool { return d.Odd }) {
		return
	}
	require.Len(t, split, len(docs), "documents of %q", text)
	for i, d := range split {
		doc := docs[i]
		require.Equal(t, yaml.MappingNode, doc.Kind, "a document of %q", text)
		names := []string{}
		for _, f := range d.Fields {
			names = append(names, f.Name)
		}
		keys := []string{}
		for j := 0; j < len(doc.Content); j += 2 {
			keys = append(keys, doc.Content[j].Value)
		}
		require.Equal(t, keys, names, "fields of %q", text)
		same(t, doc, d.Head, text, known)
		if len(d.Items) == 0 {
			continue
		}
		items := field(doc, "items")
		require.Equal(t, yaml.SequenceNode, items.Kind, "items of %q", text)
		require.Len(t, d.Items, len(items.Content), "items of %q", text)
		for j, h := range d.Items {
			if !h.Unsure {
				same(t, items.Content[j], h, text, known)
				alone, ok := read(text[h.Start:h.End])
				require.True(t, ok, "item %q of %q", text[h.Start:h.End], text)
				require.Len(t, alone, 1)
				require.Equal(t, shape(items.Content[j]), shape(alone[0].Content[0]))
			}
		}
	}
}

// knownNames are the names of fields below metadata, anywhere: as many as Split looks out for.
func knownNames(docs []*yaml.Node) (names []string) {
	seen := map[string]bool{}
	var visit func(n *yaml.Node, below bool, depth int)
	visit = func(n *yaml.Node, below bool, depth int) {
		for i, c := range n.Content {
			name := n.Kind == yaml.MappingNode && i%2 == 0
			if below && name && !seen[c.Value] && len(names) < 64 {
				seen[c.Value] = true
				names = append(names, c.Value)
			}
			if depth < 50 {
				visit(c, below || n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "metadata", depth+1)
			}
		}
	}
	for _, d := range docs {
		visit(d, false, 0)
	}
	return names
}

func same(t *testing.T, n *yaml.Node, h Head, text string, known []string) {
	t.Helper()
	if h.Unsure {
		return
	}
	if m := field(n, "metadata"); m != nil {
		below := knownNames([]*yaml.Node{{Kind: yaml.MappingNode, Content: []*yaml.Node{{Value: "metadata"}, m}}})
		for _, name := range below {
			i := slices.Index(known, name)
			require.True(t, i < 0 || h.Known&(1<<i) != 0, "%q below metadata of %q in %q", name, text[h.Start:h.End], text)
		}
	}
	require.Equal(t, []string{str(field(n, "apiVersion")), str(field(n, "kind")),
		str(field(field(n, "metadata"), "name")), str(field(field(n, "metadata"), "namespace"))},
		[]string{h.APIVersion, h.Kind, h.Name, h.Namespace}, "head of %q in %q", text[h.Start:h.End], text)
}

func read(text string) (docs []*yaml.Node, ok bool) {
	defer func() {
		if recover() != nil { // the reader has panicked on hostile input before
			ok = false
		}
	}()
	if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return nil, false
	}
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var n yaml.Node
		switch err := d.Decode(&n); {
		case err == io.EOF:
			return docs, true
		case err != nil:
			return nil, false
		}
		if n.Kind == yaml.DocumentNode && !empty(n.Content[0]) {
			docs = append(docs, n.Content[0])
		}
	}
}

// empty reports whether a document holds nothing at all.
func empty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 && n.Anchor == ""
}

func field(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

func str(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() == yaml.NodeTagNull {
		return ""
	}
	return n.Value
}

// shape is what a node means, and how it's written.
func shape(n *yaml.Node) any {
	all := []any{n.Kind, n.Style, n.Tag, n.Value, n.Anchor}
	for _, c := range n.Content {
		all = append(all, shape(c))
	}
	return all
}

// nasty are texts that a naive split gets wrong.
var nasty = []string{
	"a: 1\n---\nb: 2\n", "---\nkind: A\n...\n---\nkind: B\n", "kind: A\n...\nkind: B\n", "--- |\n a\n---\nkind: B\n",
	"--- {kind: A}\n---\nkind: B\n",
	"%YAML 1.1\n---\nkind: A\n", "\ufeffkind: A\nmetadata:\n  name: x\n", "kind: A\r\nmetadata:\r\n  name: x\r\n",
	"kind: A\rmetadata: 1\n", "kind: \"A\u2028b\"\n",
	"kind: List\nitems:\n- kind: A\n  metadata:\n    name: x\n- kind: B\n",
	"kind: List\nitems:\n  - kind: A\n    x:\n    - y\n  - kind: B\nz: 1\n",
	"items:\n- kind: A\n  s: |\n    - kind: B\n   \n  t: >-\n    items:\n    - x\n- kind: C\nkind: List\n",
	"kind: List\nitems:\n-   kind: A\n    x: 1\n-\n  kind: B\n- # c\n  kind: C\n",
	"kind: List\nitems:\n- s: \"a\n- kind: B\n  c\"\n  kind: A\n- kind: 'x'\n",
	"kind: List\nitems:\n- s: a b\n    - kind: B 'x\n    \"y\n  kind: A\n- kind: C\n",
	"kind: List\nitems:\n- {kind: A}\n- [a]\n- a\n- &x\n  kind: B\n- *x\n", "kind: List\nitems: [{kind: A}]\n",
	"kind: List\nitems:\n- kind: !!str A\n- kind: >-\n    B\n- kind: \"\\x41\"\n- \"k\\x69nd\": A\n",
	"kind: List\nitems:\n- f: [a 'b, c\n  'd, \"\n- kind: X\n  \"]\n  kind: A\n- kind: B\n",
	"kind: List\nitems:\n- ? a\n  : b\n  kind: A\n- - kind: B\n", "kind: A\nkind: B\n",
	"kind:\n  A\nmetadata:\n  name:\n    x\n",
	"kind: A # c\nmetadata: # c\n  # d\n  name: x # c\n  namespace: null\n", "kind: A\nmetadata: {name: x}\n",
	"kind: A\nmetadata: &m\n  name: x\n", "<<: {kind: A}\nkind: B\n", "kind: A\nitems:\n  a: b\n",
	"kind: List\nitems:\n- kind: A\n  l:\n  - |\n    - kind: B\n  - - >\n      - kind: C\n  - a: |2\n       x\n" +
		"      - y\n- kind: D\n", "kind: A\ns: |+\n\n\n---\nkind: B\n", "kind: a#b\nmetadata:\n  name: 'a''b'\n",
	"'kind' : A\n\"metadata\" :\n  name: x\n",
	"kind: A\nx: \"a\\\\\"\ny: '\\'\nmetadata:\n  name: n\n", "- kind: A\n", "just text\n", "# only\n# comments\n",
	"kind: A\n\t# c\nx:\ty\n", "kind: List\nitems:\n- kind: A\n\n# foot\n\n# head\n- kind: B\n# end\nmetadata: {}\n",
	"kind: A\nx: {a: b}: c\n", "kind: A\nmetadata: {name: x, labels: {a: b}, namespace: y} # c\n",
	"kind: A\nmetadata: {name: x, name: y}\n", "kind: A\nmetadata: {name: x y}\n", "kind: A\nmetadata: {name: null}\n",
	"kind: A\nmetadata: {name: x,namespace: y}\n", "kind: A\nmetadata: {name: x, namespace: y\n  }\n",
	"kind: A\nmetadata: {name: {a: b}, namespace: - }\n", "kind: A\nmetadata: {name: x}#c\n",
	"kind: A\nmetadata: { name: -x, annotations: { config.k8s.io/id: 1 } }\n",
	"kind: A\nmetadata:\n  annotations:\n    {a: b}\n  name: x\n",
	"kind: A\nmetadata:\n  annotations: {a: b}\n  labels:\n    \"c\": d\n  name: x\n",
	"kind: A\nmetadata:\n  ownerReferences:\n  - {name: c}\n  - kind: d\n    e: f\n  name: x\n",
	"kind: List\nitems:\n- kind: A\n  u: http://x:80/#y\n  t: a:b\n  v: - x\n- kind: B\n",
	"kind: List\nitems:\n  # c\n  - kind: A\n\n  - kind: B\n    s: 'it''s\n\n      - kind: C'\n",
}

func TestSplitAgreesWithAFullReader(t *testing.T) {
	for _, text := range nasty {
		agree(t, text)
	}
	files, err := filepath.Glob("../../rigtest/testdata/*/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && !info.IsDir() {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			agree(t, string(text))
		}
	}
}

// What people and runners write must be split, not refused.
func TestSplitIsSure(t *testing.T) {
	docs, ok := Split("# head\napiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n" +
		"  x: [\"a\\\"\", &b c]\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n" +
		"  metadata:\n    name: 'a'\n    annotations:\n      x: |\n        - y\n    namespace: b\n# c\n- apiVersion: v1\n" +
		"  kind: ConfigMap\n  metadata: {name: c, labels: {app: c, c: ''}}\n- {kind: X}\nresults: []\n")
	require.True(t, ok)
	require.Len(t, docs, 1)
	require.False(t, docs[0].Odd)
	require.NotNil(t, docs[0].Field("results"))
	require.Nil(t, docs[0].Field("x"))
	require.Len(t, docs[0].Items, 3)
	require.Equal(t, "apps/v1 Deployment b/a", docs[0].Items[0].APIVersion+" "+docs[0].Items[0].Kind+" "+
		docs[0].Items[0].Namespace+"/"+docs[0].Items[0].Name)
	require.Equal(t, []bool{false, true, true}, []bool{docs[0].Items[0].Unsure, docs[0].Items[1].Unsure,
		docs[0].Items[2].Unsure})

	docs, ok = Split("kind: A\r\nmetadata:\r\n  name: a\r\n---\r\nkind: B\r\n")
	require.True(t, ok)
	require.Len(t, docs, 2)
	require.Equal(t, "A a B", docs[0].Kind+" "+docs[0].Name+" "+docs[1].Kind)
	require.False(t, docs[0].Unsure)

	for _, text := range []string{"a: \"", "a: [", "%YAML 1.1\n---\na: b\n", "a: b\rc: d", "a: \u0085", "...\na: b\n"} {
		_, ok := Split(text)
		require.False(t, ok, text)
	}
}

func FuzzSplit(f *testing.F) {
	for _, text := range nasty {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 1<<12 {
			agree(t, text)
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	item := "- apiVersion: v1\n  kind: Service\n  metadata:\n    annotations:\n      config.kubernetes.io/index: '1'\n" +
		"    labels:\n      app: web\n    name: web\n    namespace: shop\n  spec:\n    ports:\n    - name: http\n" +
		"      port: 80\n    selector:\n      app: web\n"
	text := "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" + strings.Repeat(item, 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Split(text)
	}
}

// Metadata in brackets, as many people write it, costs what a block costs.
func TestSplitReadsFlowMetadata(t *testing.T) {
	docs, ok := Split("kind: A\nmetadata: {name: a, namespace: b, labels: {app: c, x.y/z: d}, annotations: {}} # note\n"+
		"---\nkind: B\nmetadata: {name: \"b\"}\n---\nkind: C\nmetadata:\n  name: c\n  annotations:\n    x.y/: d\n",
		"app", "other", "x.y/", "annotations")
	require.True(t, ok)
	require.Len(t, docs, 3)
	require.Equal(t, []bool{false, true, false}, []bool{docs[0].Unsure, docs[1].Unsure, docs[2].Unsure})
	require.Equal(t, "b/a", docs[0].Namespace+"/"+docs[0].Name)
	require.Equal(t, uint64(1|4|8), docs[0].Known)
	require.Equal(t, uint64(4|8), docs[2].Known)
}
