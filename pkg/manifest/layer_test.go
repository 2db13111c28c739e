package manifest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/manifest/manifesttest"
	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// edits are what a TLS proxy wants, in the engine's terms.
func edits() []sidecar.Edit {
	ref := sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "web"}
	pod := sidecar.Fields("spec", "template", "spec")
	app := pod.To("containers").At("name", "app")
	e := func(p sidecar.Path, v any) sidecar.Edit { return sidecar.Edit{Object: ref, Path: p, Value: v} }
	return []sidecar.Edit{
		e(app.To("env").At("name", "http.port"), map[string]string{"name": "http.port", "value": "9201"}),
		e(app.To("env").At("name", "on"), json.RawMessage(`{"name": "on", "value": "no\nyes \n"}`)),
		e(app.To("args").At(".", "--z"), "--z"),
		{Object: ref, Path: app.To("ports").At("containerPort", "9200"), Delete: true},
		e(app.To("lifecycle", "preStop"), map[string]any{"sleep": map[string]int{"seconds": 5}}),
		e(pod.To("volumes").At("name", "tmp"), json.RawMessage(`{"name": "tmp", "emptyDir": {}}`)),
		e(pod.To("initContainers").At("name", "proxy"),
			json.RawMessage(`{"name": "proxy", "image": "nginx", "ports": [{"containerPort": 9200}]}`)),
		e(sidecar.Fields("metadata", "annotations", "outrigger.dev/patterns"), "proxy"),
		e(sidecar.Fields("spec", "template", "metadata", "annotations", "outrigger.dev/patterns"), "proxy"),
	}
}

func TestLayAndStrip(t *testing.T) {
	for name, text := range manifesttest.Layouts {
		t.Run(name, func(t *testing.T) {
			if name == "stream" {
				text = strings.Replace(text, "data: {a: |-\r\n", "data: {a: x}\r\n", 1)
			}
			in, err := Parse("", text)
			require.NoError(t, err)
			out, fs := Lay([]*Text{in}, edits(), nil, Options{By: "shop", Record: true})
			require.Empty(t, fs)
			t.Log("\n" + out[0])
			laid, err := Parse("", out[0])
			require.NoError(t, err, out[0])
			o := laid.Objects[len(laid.Objects)-1]
			for _, e := range edits() {
				v, there := o.Value(e.Path)
				require.Equal(t, !e.Delete, there, "%s in\n%s", e.Path, out[0])
				require.True(t, e.Delete || SameValue(v, e.Value), "%s in\n%s", e.Path, out[0])
			}
			again, fs := Lay([]*Text{laid}, edits(), nil, Options{By: "shop"})
			require.Empty(t, fs)
			require.Equal(t, out[0], again[0], "twice is once")
			back, fs := StripAll(laid)
			require.Empty(t, fs)
			require.Equal(t, text, back.String(), "taking off gives back")
		})
	}
}

// What replaces an entry between brackets stands where that was, whatever else is there.
func TestEntriesInBracketsAreReplaced(t *testing.T) {
	const head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n" +
		"    readinessProbe: "
	const get = "httpGet: {port: 9200}"
	for was, want := range map[string]string{
		"{tcpSocket: {port: 1}}":                          "{" + get + "}",
		"{ tcpSocket: {port: 1} }":                        "{" + get + "}",
		"{tcpSocket: {port: 1}, }":                        "{" + get + "}",
		"{ # here\n      tcpSocket: {port: 1}\n    }":     "{" + get + "}",
		"{tcpSocket: {port: 1}, periodSeconds: 5}":        "{periodSeconds: 5, " + get + "}",
		"{periodSeconds: 5, tcpSocket: {port: 1}}":        "{periodSeconds: 5, " + get + "}",
		"{periodSeconds: 5,\n      tcpSocket: {port: 1}}": "{periodSeconds: 5, " + get + "}",
		"{tcpSocket: {port: 1, host: a}, exec: {}}":       "{exec: {}, " + get + "}",
		`{"tcpSocket": {"port": 1}}`:                      "{" + get + "}",
	} {
		in, err := Parse("", head+was+"\n")
		require.NoError(t, err)
		probe := sidecar.Fields("spec", "containers").At("name", "app").To("readinessProbe")
		ref := in.Objects[0].Ref
		edits := []sidecar.Edit{
			{Object: ref, Path: probe.To("tcpSocket"), Delete: true, By: probe.To("httpGet")},
			{Object: ref, Path: probe.To("httpGet"), Value: map[string]any{"port": 9200}},
		}
		out, fs := Lay([]*Text{in}, edits, nil, Options{By: "shop", Record: true})
		require.Empty(t, fs, was)
		require.Contains(t, out[0], head[strings.Index(head, "spec:"):]+want+"\n")
		laid, err := Parse("", out[0])
		require.NoError(t, err, was)
		again, fs := Lay([]*Text{laid}, edits, nil, Options{By: "shop"})
		require.Empty(t, fs, was)
		require.Equal(t, out[0], again[0], "twice is once")
		back, fs := StripAll(laid)
		require.Empty(t, fs, was)
		require.Equal(t, head+was+"\n", back.String(), "taking off gives back")
	}
}

// pods are a list in brackets, with that many members.
func pods(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: w%d}, spec: {containers: [{name: app}]}}", i)
	}
	return "apiVersion: v1\nkind: List\nitems: [" + strings.Join(members, ", ") + "]\n"
}

// layOn lays a field on every object of a text.
func layOn(t *testing.T, text, field string) (string, sidecar.Findings) {
	in, err := Parse("", text)
	require.NoError(t, err)
	l := NewLayer([]*Text{in})
	for _, o := range in.Objects {
		l.Edit(o, []sidecar.Edit{{Object: o.Ref, Path: sidecar.Fields("spec", field), Value: "b"}}, nil)
	}
	require.False(t, l.reread[in] && !strings.Contains(text, "&"), "read again as a whole")
	out, fs := l.Texts()
	if fs.Failed() {
		return "", fs
	}
	return out[0].String(), fs
}

// A member of a list in brackets is read again alone once it was edited: all of them
// at once would take more memory than there may be.
func TestMembersInBracketsAreReadAgainAlone(t *testing.T) {
	const n = 3
	out, fs := layOn(t, pods(n), "nodeName")
	require.Empty(t, fs)
	require.Equal(t, strings.ReplaceAll(pods(n), "[{name: app}]", "[{name: app}], nodeName: b"), out)
}

func TestMembersWithAnchorsAreReadAgainTogether(t *testing.T) {
	text := strings.Replace(pods(2), "name: app", "name: &a app", 1)
	out, fs := layOn(t, text, "nodeName")
	require.Empty(t, fs)
	require.Equal(t, strings.ReplaceAll(text, "app}]", "app}], nodeName: b"), out)
}

// What an escape says isn't found by a search, nor is base64.
func TestObjectsThatHideWordsAreRead(t *testing.T) {
	for text, hides := range map[string]bool{
		"kind: B\n---\n!!map\nkind: A\nspec: a\n":             false,
		"kind: B\n---\n!!map\nkind: A\n\"sp\\x65c\": a\n":     true,
		"kind: B\n---\n!!map\nkind: A\nspec: !!binary YQ==\n": true,
		"kind: List\nitems:\n- !!map\n  kind: A\n":            false,
		"kind: List\nitems:\n- kind: !!str \"\\x41\"\n":       true,
	} {
		in, err := Parse("", text)
		require.NoError(t, err, text)
		last := in.Objects[len(in.Objects)-1]
		require.Equal(t, "A", last.Ref.Kind, text)
		require.Equal(t, hides, last.mayMention("elsewhere"), text)
	}
}

// FuzzLay lays edits on any text: where that works, the result reads as asked
// for, a second run changes nothing, and stripping gives the text back.
func FuzzLay(f *testing.F) {
	for _, text := range manifesttest.Layouts {
		f.Add(text)
	}
	for _, text := range manifesttest.Hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, err := Parse("", text)
		if err != nil || len(in.Objects) == 0 || in.Objects[0].IsToolConfig() {
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
					v, there := after.Value(e.Path)
					require.Equal(t, !e.Delete, there, "%s: %q\n->\n%q", e.Path, text, out[0])
					require.True(t, e.Delete || SameValue(v, e.Value), "%s: %q\n->\n%q", e.Path, text, out[0])
				}
				a, err := positioned.ValueOf(in.Objects[0].rootNode())
				if err != nil {
					continue
				}
				b, err := positioned.ValueOf(after.rootNode())
				require.NoError(t, err)
				root, err := planEdits(es, nil)
				require.NoError(t, err)
				require.True(t, kept(a, b, root), "something else has moved: %q\n->\n%q", text, out[0])
				continue
			}
			a, errA := positioned.ValueOf(in.Objects[i].rootNode())
			b, errB := positioned.ValueOf(after.rootNode())
			require.Equal(t, errA == nil, errB == nil)
			require.True(t, errA != nil || values.Equal(a, b), "%q\n->\n%q", text, out[0])
		}
		back, fs := StripAll(laid)
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
	case values.Map:
		b, ok := b.(values.Map)
		for _, e := range a {
			var below *patch
			if p != nil {
				for _, c := range p.below {
					if c.step.Field == e.Key {
						below = c
					}
				}
			}
			if !ok || !kept(e.Value, b.Get(e.Key), below) {
				return below != nil && b.IndexOf(e.Key) < 0 // a list that has lost all entries
			}
		}
		return true
	case []any:
		if p == nil {
			return values.Equal(a, b)
		}
		rest, _ := b.([]any)
		for _, item := range a {
			var below *patch
			for _, c := range p.below {
				m, _ := item.(values.Map)
				if c.step.Key == "." && item == any(c.step.Value) ||
					c.step.Key != "." && m != nil && fmt.Sprint(m.Get(c.step.Key)) == c.step.Value {
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
	return values.Equal(a, b)
}
