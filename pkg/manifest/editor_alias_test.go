package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// aliased are pod templates in which anchors, aliases, merge keys and explicit
// keys are in the way of an edit of container app, or near it.
var aliased = map[string]string{
	"list is an alias": "x-containers: &c\n- name: app # the app\n  image: a\nspec:\n  containers: *c # all\n" +
		"  other: 1\n",
	"entry is an alias": "x: &c\n  name: app\n  image: a\nspec:\n  containers:\n  # first\n  - *c\n  - name: b\n",
	"entry has the anchor": "spec:\n  containers:\n  - &c\n    name: app\n    env: &e\n    - name: A\n" +
		"      value: '1'\n  initContainers:\n  - <<: *c\n    name: init\n    restartPolicy: Always\n  - name: two\n" +
		"    env: *e\n",
	"merged app": "x: &base\n  image: a\n  env:\n  - name: A\n    value: '1'\nspec:\n  containers:\n" +
		"  - <<: *base\n    name: app\n  - <<: *base\n    name: b\n",
	"merged list": "x: &x\n  ports:\n  - containerPort: 9200\n  env: [{name: A, value: b}]\nspec:\n" +
		"  containers:\n    - name: app\n      <<: [*x]\n",
	"spec merged": "x: &x\n  containers:\n  - name: app\n  restartPolicy: Never\nspec:\n  <<: *x\n" +
		"  hostNetwork: false\n",
	"anchor in what goes": "spec:\n  containers:\n  - name: app\n    ports:\n    - &p\n      containerPort: 9200\n" +
		"  - name: b\n    ports:\n    - *p\n    - containerPort: 1\n",
	"flow": "x: &c [{name: app, env: [{name: A, value: b}]}]\nspec: {containers: *c, other: [*c]}\n",
	"explicit keys": "spec:\n  containers:\n  - ? name\n    : app\n    ? env\n    : - name: A\n" +
		"        value: b\n  - name: b\n",
	"anchored env": "spec:\n  containers:\n  - name: app\n    env: &e\n    - {name: A, value: b}\n" +
		"  - name: b\n    env: *e # the same\n  - name: c\n    env: *e\n",
	"aliases on lines of their own": "spec:\n  containers:\n  - name: app\n    env: &e\n    - {name: A, value: b}\n" +
		"  - name: b\n    env: # the same\n\n      *e\n  - name: c\n    env:\n      # as above\n      *e # all\n",
	"empty value of an alias": "spec:\n  containers:\n  - name: app\n    env: &e [] # none\n" +
		"  - name: b\n    env: # the same\n      *e\n  - name: c\n    env: *e # none\n",
	"anchored scalars": "spec:\n  containers:\n  - name: &n app\n    image: &i a:1\n  - name: b\n    image: *i\n" +
		"    command: [*n]\n",
	"first key is an alias": "x: &e\n- name: A\n  value: b\nspec:\n  containers:\n  - env: *e\n    name: app\n",
	"first key is an alias, the next one goes": "x: &e\n- name: A\n  value: b\nspec:\n  containers:\n  - env: *e\n" +
		"    # why\n    ports:\n    - containerPort: 9200\n    name: app\n",
	"nested anchors": "spec:\n  containers: &all\n  - &one\n    name: app\n    env: &e\n    - name: A\n" +
		"      value: b\n  initContainers: *all\n  ephemeral:\n  - *one\n  more:\n  - name: m\n    env: *e\n",
	"anchored and not used": "spec: &s\n  containers: &c\n  - &a\n    name: app\n",
	"template under a merge": "x: &x\n  y: 1\nspec:\n  containers:\n  - name: app\n    resources:\n      <<: *x\n" +
		"    env:\n    - name: A\n      value: *unused\n      <<: *x\n",
}

func TestEditsThroughAliases(t *testing.T) {
	es := []sidecar.Edit{
		{Path: sidecar.Fields("spec", "containers").At("name", "app").To("env").At("name", "NEW"),
			Value: map[string]string{"name": "NEW", "value": "on"}},
		{Path: sidecar.Fields("spec", "containers").At("name", "app").To("ports").At("containerPort", "9200"), Delete: true},
		{Path: sidecar.Fields("spec", "initContainers").At("name", "proxy"),
			Value: map[string]any{"name": "proxy", "image": "nginx", "ports": []map[string]int{{"containerPort": 9200}}}},
	}
	for name, spec := range aliased {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n" + spec
			in, err := Parse("", text)
			if name == "template under a merge" {
				require.ErrorContains(t, err, "has an alias to nothing")
				return
			}
			require.NoError(t, err)
			before, err := positioned.ValueOf(in.Objects[0].rootNode())
			require.NoError(t, err)
			own := make([]sidecar.Edit, len(es))
			for i, e := range es {
				e.Object = in.Objects[0].Ref
				own[i] = e
			}
			out, fs := Lay([]*Text{in}, own, nil, Options{By: "shop", Record: true})
			require.Empty(t, fs)
			laid, err := Parse("", out[0])
			require.NoError(t, err, out[0])
			after, err := positioned.ValueOf(laid.Objects[0].rootNode())
			require.NoError(t, err, out[0])

			p, err := planEdits(own, nil)
			require.NoError(t, err)
			want, err := p.applyTo(before)
			require.NoError(t, err)
			require.True(t, values.Equal(lean(want), lean(withoutRecord(after))), "%s\n%s", out[0],
				values.FormatFlow(after, true))

			if name == "aliases on lines of their own" {
				require.Contains(t, out[0], "env: # the same\n\n      - name: A\n        value: b\n")
				require.Contains(t, out[0], "env:\n      # as above\n      [{name: A, value: b}] # all\n")
			}

			back, fs := StripAll(laid)
			require.Empty(t, fs, out[0])
			require.Equal(t, text, back.String(), "by way of\n%s", out[0])

			again, fs := Lay([]*Text{laid}, own, nil, Options{By: "shop"})
			require.Empty(t, fs)
			require.Equal(t, out[0], again[0], "twice is once")
		})
	}
}

// lean is a value without empty lists: that is how one says that what is merged
// isn't there.
func lean(v any) any {
	switch v := v.(type) {
	case values.Map:
		out := values.Map{}
		for _, e := range v {
			if l, ok := e.Value.([]any); !ok || len(l) > 0 {
				out = append(out, values.Entry{Key: e.Key, Value: lean(e.Value)})
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = lean(v[i])
		}
		return out
	}
	return v
}

func withoutRecord(v any) any {
	m := v.(values.Map)
	meta := m.Get("metadata").(values.Map)
	i := meta.IndexOf("annotations")
	return m.WithField(append(meta[:i:i], meta[i+1:]...), "metadata")
}

// A value that another object uses can't be changed without changing that one.
func TestAliasesAcrossObjects(t *testing.T) {
	text := "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec: &s\n" +
		"    containers:\n    - name: app\n" +
		"- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n  spec: *s\n"
	edit := func(name string) sidecar.Edit {
		return sidecar.Edit{Object: sidecar.Ref{Kind: "Pod", Name: name},
			Path: sidecar.Fields("spec", "containers").At("name", "new"), Value: map[string]string{"name": "new"}}
	}
	in, err := Parse("", text)
	require.NoError(t, err)
	_, fs := Lay([]*Text{in}, []sidecar.Edit{edit("a")}, nil, Options{})
	require.ErrorContains(t, fs.Err(), "another object uses")

	out, fs := Lay([]*Text{in}, []sidecar.Edit{edit("b")}, nil, Options{})
	require.Empty(t, fs)
	require.Equal(t, text[:len(text)-len(" *s\n")]+"\n    containers:\n    - name: app\n    - name: new\n", out[0])
}
