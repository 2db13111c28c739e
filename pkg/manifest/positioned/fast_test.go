package positioned

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/manifest/manifesttest"
	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
)

// alike holds the two readers against each other: what the fast one reads, the
// full one reads alike, in meaning and in place.
func alike(t *testing.T, text string) (fast int) {
	t.Helper()
	l := NewLines(text)
	docs, ok := split.Split(text)
	if !ok || l.CheckLegible() != nil {
		return 0
	}
	l.Plain = true
	for _, d := range docs {
		fast += alikeAt(t, l, d.Start, d.End, false)
		for _, item := range d.Items {
			fast += alikeAt(t, l, item.Start, item.End, true)
		}
	}
	return fast
}

// alikeAt is alike for one object.
func alikeAt(t *testing.T, l *Lines, from, to int, member bool) (fast int) {
	t.Helper()
	quick, ok := ReadFast(l, from, to, member)
	if !ok {
		return 0
	}
	full, err := readFully(l, from, to, member)
	if err != nil { // only JSON has such escapes
		require.Regexp(t, `\\/|\\u[dD][89abAB]`, l.Text[from:to], "%v: %q", err, l.Text)
		return 0
	}
	require.Equal(t, drawn(full), drawn(quick), "%q", l.Text[from:to])
	var a Arena
	for range 2 { // the second time with what the first one gave back
		again, ok := a.ReadFast(l, from, to, member)
		require.True(t, ok)
		require.Equal(t, drawn(quick), drawn(again), "%q", l.Text[from:to])
		a.Clear()
	}
	if _, ys, err := ReadDocuments(l, from, to); err == nil && !member && !quick.hasTags() {
		c := converter{Lines: l, at: from, line: l.LineNumber(from)}
		shiftLines(ys[0], l.LineNumber(from)-1, map[*yaml.Node]bool{})
		require.Equal(t, bare(ys[0]), c.convertNode(quick), "%q", l.Text[from:to])
	}
	return 1
}

// bare is a node without its comments.
func bare(y *yaml.Node) *yaml.Node {
	y.HeadComment, y.LineComment, y.FootComment = "", "", ""
	for _, c := range y.Content {
		bare(c)
	}
	return y
}

// drawn is everything of a node, as text.
func drawn(n *Node) string {
	var b strings.Builder
	var draw func(n *Node, in string)
	draw = func(n *Node, in string) {
		fmt.Fprintf(&b, "%s%d %v%v %d-%d col %d %s %q %d %v\n", in, n.Kind, n.Flow, n.Odd, n.Start, n.End, n.Column, n.Tag,
			n.Value, n.Style, n.Dashes)
		for i, v := range n.Values {
			if n.Kind == Mapping {
				draw(n.Keys[i], in+"k ")
			}
			draw(v, in+"  ")
		}
	}
	draw(n, "")
	return b.String()
}

// blocky are texts near the border of what the fast reader dares.
var blocky = []string{
	"kind: A\nmetadata:\n  name: x # c\n  labels:\n    a: 'it''s' # c\n    \"b\": \"c\\n\\t\\\"\"\n  # c\n    c: true\n" +
		"spec:\n- a\n- b: 1\n  c:\n  - d\n  -  e: f\n     g: ~\n-\n  - h\n- - i\n  - j\nempty:\nlast: {}\nl: []\n",
	"kind: A\ns: |\n  a\n\n    b \n  \n\nt: |-\n   a\nu: |+\n a\n\n\nv:\n- |\n  a\n- x: |-\n    a\n   # c\n",
	"kind: A\nn: 012\no: 0x1f\np: 1e3\nq: .5\nr: 2020-01-01\ns: yes\nt: ~\nu: null\nv: 1:30\nw: =\nx: a:b\ny: -1\n" +
		"z: - \n", "---\nkind: A\nx: 1\n", "kind: A\nx:\n# c\n  y: 1\n\n  # d\nz:\n  - a\n  # e\n",
	"kind: A\nx: a\n  b\n", "kind: A\nx: 'a\n  b'\n", "kind: A\n x: 1\n", "kind: A\nx: a: b\n",
	"kind: A\nx: |\n\n  a\n", "kind: A\nx: |\na: b\n", "kind: A\nx: 'a' b\n", "kind: A\nx: a #b\ny: a#b\nz: #c\n",
	"kind: A\n? x\n: y\n", "kind: A\nx: é\ny: \"é\"\nüber: |\n  ö\n", "kind: A\nx : y\n'z' : 1\n\"k\": v\n\"k2\":v\n",
	"kind: A\nx:\n  y\n", "kind: A\nx:\n- a\ny:\n  - b\n - c\n", "kind: A\nx: ''\ny: \"\"\n'': z\n",
	"kind: List\nitems:\n- kind: A\n  x: 1\n# c\n- kind: B\n  y:\n  - z\n-   kind: C\n    w: |\n      v\n\n- # c\n" +
		"  kind: D\n",
	"kind: A\nspec:\n  a:\n  - b\n  -\n  - ~\n  c: - d\n", "kind: A\nx: -\ny: ?\nz: a?\n", "kind: A\nx: \"a\\u00e9\"\n",
	"kind: A\nx: {a: b}\n", "kind: A\nx: {a: [b, 'c', \"d\\n\", {e: 1, \"f\": ~}], g: http://h:80/i, j: [],  k: { } }  " +
		"# l\ny: [ a b , c ]\n- [a]: b\n", "kind: A\nx: [a, b,]\n", "kind: A\nx: {a, b: }\n", "kind: A\nx: {\"a\":1}\n",
	"kind: A\nx: [a:b, c:, d]\n", "kind: A\nx: [a\n b]\n", "kind: A\nx: [a#b, c #d]\n", "kind: A\nx: [- a, -b, --c]\n",
	"kind: A\nx: [a: b]\n", "kind: A\nx: [*a, &b c]\n", "kind: A\nx: {<<: {}}\n", "kind: A\n- {a: b}\n",
	"kind: List\nitems:\n- {kind: A, metadata: {name: x}}\n",
	"kind: List\nitems:\n- {kind: A, x: {a: b}} # c\n-   {\"kind\":\"B\",\n  c: d}\n- {kind: C}: d\n- - {kind: D}\n",
	"kind: A\nx:\n- {a: b}\n- [c, d]\n- {}\n", "kind: A\nx: &a b\n", "kind: A\n<<: {}\n", "kind: A\n? a\n",
	"kind: A\nx: %a\n", "kind: A\nx: |2\n   a\n", "kind: A\nx: |  \n  a\ny: 1",
	"kind: !!str A\nx: !!map {a: !!str 1, b: !!seq [!!int 2, !!str c], d: !!bool true}\ny: !!seq # c\n- !!str a\n" +
		"- !!map\n  b: !!str |\n    c\n- !!map {}\nz: !!map\n  # c\n  a: !!str 'b'\n", "!!map\nkind: A\n",
	"!!map {kind: !!str \"A\"}\n", "--- # c\n!!map # c\n# d\n kind: A\n",
	"kind: List\nitems:\n- !!map\n  kind: !!str A\n- !!map {kind: A, x: !!seq []}\n- !!map kind: A\n",
	"!!map kind: A\n", "kind: !!str\nx: !!seq\ny: !!null\n",
	"kind: A\nx: !!str a: b\n", "kind: A\n!!str x: y\n", "kind: A\nx: {!!str a: b, c: !!str , d: !!str}\n",
	"kind: A\nx: !!float 1\ny: !!int a\nz: !!str ~\n", "kind: A\nx: !!strA\ny: !a b\nz: !!binary YQ==\n",
	"kind: A\nx: [!!str a: b]\n",
	"kind: A\nx: !!map\n- a\n", "kind: A\nx: !!str &a b\n", "kind: A\nx: !!map !!map {}\n", "kind: A\nx: !!str *a\n",
	"kind: A\nx: !!seq\n", "kind: A\nx: !!str |-\n  a\ny: !!str >\n  a\n", "kind: A\nx: - !!seq - a\n",
	"kind: A\nx: !!map\n  {a: b}\n",
	"kind: A\nx: [!!str\n a, !!seq\n [b]]\n", "kind: A\nx: !!seq\n  - a\ny: !!seq\n- b\n- !!seq\n  - c\n- !!seq\n- d\n",
	"kind: A\nx: {a: !!str b # c\n}\n", "kind: A\nx: !!map {a: b} # c\ny: !!int 0x1f\nz: !!null ~\n",
	"kind: A\nx: !!str 'it''s'\n",
	"kind: A\nx: |\n  a", "kind: A\nx: 'a'#b\n", "kind: A\nx: \"a\" # b\n", "kind: A\nx:  b  \n",
}

func TestBothReadersReadAlike(t *testing.T) {
	fast := 0
	for _, text := range append(blocky, manifesttest.Hostile...) {
		fast += alike(t, text)
	}
	for _, text := range manifesttest.Layouts {
		fast += alike(t, text)
	}
	files, err := filepath.Glob("../../rigtest/testdata/*/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil {
			fast += alike(t, string(text))
		}
	}
	require.Greater(t, fast, 500, "the fast reader takes too little")
}

func TestFastReaderTakesItemsInBrackets(t *testing.T) {
	for _, item := range []string{"- {kind: A, metadata: {name: x}}\n",
		"- {\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}}\n", "- [a: b]\n", "- {a: b}: c\n"} {
		n, ok := ReadFast(NewLines(item), 0, len(item), true)
		require.Equal(t, strings.Contains(item, "kind"), ok, item)
		require.True(t, !ok || n.Flow && n.Field("kind").ScalarText() == "A", item)
	}
}

// Tags that change nothing made every object one for the full reader, which reads it
// several times.
func TestFastReaderTakesTags(t *testing.T) {
	for text, want := range map[string]bool{
		"kind: !!str A\nx: !!map {a: !!seq [!!int 1]}\ny: !!seq\n- !!map\n  b: !!str |\n    c\n": true,
		"!!map\nkind: A\n": true, "!!map {kind: !!str A}\n": true,
		"!!map kind: A\n": false, "kind: !!int A\n": false, "kind: !!str\n": false, "kind: !a A\n": false,
		"kind: !!binary QQ==\n": false, "!!str kind: A\n": false,
	} {
		n, ok := ReadFast(NewLines(text), 0, len(text), false)
		require.Equal(t, want, ok, text)
		require.True(t, !ok || n.Field("kind").ScalarText() == "A", text)
	}
}

func FuzzFastReader(f *testing.F) {
	for _, text := range append(blocky, manifesttest.Hostile...) {
		f.Add(text)
	}
	for _, text := range manifesttest.Layouts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 1<<12 {
			alike(t, text)
		}
	})
}
