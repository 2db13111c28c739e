package manifest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// hostile are texts that a naive reader gets wrong.
var hostile = []string{
	"", "\n", "---\n---\n", "a", "[]", "{}", "- - a\n  - b\n", "\ufeffkind: Pod\napiVersion: v1\nmetadata: {name: web}\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec: &s\n  containers:\n  - &c\n    name: app\n    env: &e [{name: A, value: b}]\n  - *c\n",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: app, ports: [{containerPort: 9200}, {containerPort: 1}]}]\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  <<: {volumes: [{name: a}]}\n  containers:\n  - name: app\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    args: !!seq\n    - 'it''s\n\n      long'\n    - \"q\\\"\n      r\" # c\n    - plain\n      goes: on\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  -\n    name: app\n    command: [sh, -c, \"a, b]\"] # ]\n    x: |2+\n        deep\n\n\n  y: >-\n    folded\n    # text\n  # comment\n",
	"? apiVersion\n: v1\n? kind\n: Pod\n? metadata\n: name: web\n",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {a: b}}\nspec: {containers: [{name: app, env: [a, b,]}]}\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations: ~\nspec:\n  containers:\n  - name: app\n    ports:\n    - containerPort: 9200 # one\n    # two\n    - containerPort: 9300\n    env: null # three\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    k: plain text\n      on lines\n\n      and more # end\n",
}

// FuzzLay lays edits on any text: where that works, the result reads as asked
// for, a second run changes nothing, and stripping gives the text back.
func FuzzLay(f *testing.F) {
	for _, text := range layouts {
		f.Add(text)
	}
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, err := Parse("", text)
		if err != nil || len(in.Objects) == 0 || in.Objects[0].Foreign() {
			return
		}
		o := in.Objects[0]
		var es []sidecar.Edit
		pod := sidecar.Fields("spec", "template", "spec")
		for _, e := range edits() {
			e.Object = o.Ref
			if o.Ref.Kind == "Pod" && len(e.Path) > 2 && e.Path[:3].String() == pod.String() {
				e.Path = append(sidecar.Fields("spec"), e.Path[3:]...)
			}
			es = append(es, e)
		}
		out, fs := Lay([]*Text{in}, es, nil, Options{By: "shop", Record: true})
		if fs.Failed() {
			return
		}
		laid, err := Parse("", out[0])
		require.NoError(t, err, "%q\n->\n%q", text, out[0])
		require.Len(t, laid.Objects, len(in.Objects), "%q\n->\n%q", text, out[0])
		for i, after := range laid.Objects {
			if i == 0 {
				for _, e := range es {
					v, there := after.Have(e.Path)
					require.Equal(t, !e.Delete, there, "%s: %q\n->\n%q", e.Path, text, out[0])
					require.True(t, e.Delete || Same(v, e.Value), "%s: %q\n->\n%q", e.Path, text, out[0])
				}
				a, err := valueOfNode(in.Objects[0].root())
				if err != nil {
					continue
				}
				b, err := valueOfNode(after.root())
				require.NoError(t, err)
				root, err := plan(es)
				require.NoError(t, err)
				require.True(t, kept(a, b, root), "something else has moved: %q\n->\n%q", text, out[0])
				continue
			}
			a, errA := valueOfNode(in.Objects[i].root())
			b, errB := valueOfNode(after.root())
			require.Equal(t, errA == nil, errB == nil)
			require.True(t, errA != nil || equal(a, b), "%q\n->\n%q", text, out[0])
		}
		back, fs := Strip(laid, "shop", true)
		require.Empty(t, fs, "%q\n->\n%q", text, out[0])
		require.Equal(t, text, back.String(), "by way of %q", out[0])
	})
}

// kept reports whether b is a but for what the patch says.
func kept(a, b any, p *patch) bool {
	if p != nil && (p.set || p.delete) || a == nil && p != nil {
		return true
	}
	switch a := a.(type) {
	case ordered:
		b, ok := b.(ordered)
		for _, e := range a {
			var below *patch
			if p != nil {
				for _, c := range p.below {
					if c.step.Field == e.key {
						below = c
					}
				}
			}
			if !ok || !kept(e.value, b.get(e.key), below) {
				return below != nil && b.index(e.key) < 0 // a list that has lost all entries
			}
		}
		return true
	case []any:
		if p == nil {
			return equal(a, b)
		}
		rest, _ := b.([]any)
		for _, item := range a {
			var below *patch
			for _, c := range p.below {
				m, _ := item.(ordered)
				if c.step.Key == "." && item == any(c.step.Value) || c.step.Key != "." && m != nil && fmt.Sprint(m.get(c.step.Key)) == c.step.Value {
					below = c
				}
			}
			if below != nil && below.delete {
				continue
			}
			for len(rest) > 0 && !kept(item, rest[0], below) {
				rest = rest[1:]
			}
			if len(rest) == 0 {
				return false
			}
			rest = rest[1:]
		}
		return true
	}
	return equal(a, b)
}
