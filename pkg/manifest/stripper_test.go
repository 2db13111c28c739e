package manifest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/manifest/manifesttest"
	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// kpt hands functions all lists compact and writes them back as they were, so
// what was taken out of one form may have to return to the other.
func TestRestyled(t *testing.T) {
	compact := "\n    ports:\n    - name: http\n      containerPort: 9200"
	wide := "\n    ports:\n      - name: http\n        containerPort: 9200"
	as := func(compact bool) *stripper {
		return &stripper{editor: editor{Style: values.Style{Indent: 2, Compact: compact, Newline: "\n"}}}
	}
	require.Equal(t, wide, as(false).restyleList(compact, true))
	require.Equal(t, wide, as(false).restyleList(wide, false))
	require.Equal(t, compact, as(true).restyleList(wide, false))
	require.Equal(t, compact, as(true).restyleList(compact, true))
	for _, other := range []string{"", "\n- a", "a: b\n  ", "\n  ports: [{containerPort: 9200}]", "\n  a: |\n    - b\n"} {
		require.Equal(t, other, as(true).restyleList(other, false))
	}
}

func TestParsePath(t *testing.T) {
	for _, e := range edits() {
		p, err := parsePath(pathString(e.Path))
		require.NoError(t, err)
		require.Equal(t, e.Path, p)
	}
	_, err := parsePath("a/b")
	require.Error(t, err)
}

// Records come from files that people edit: whatever they hold, stripping ends
// in a text or in findings.
func FuzzRecord(f *testing.F) {
	f.Add(`{"v":1,"marks":[{"at":"/spec/template/spec/containers/name=app/ports","was":"\n  a","after":"x","skip":3}]}`)
	f.Add(`{"v":1,"marks":[{"at":"/metadata","empty":"{}"},{"at":"/metadata/name","is":""},{"at":"/kind","was":""}]}`)
	f.Add(`{"v":1,"marks":[{"at":"/metadata/name","was":"","after":""}]}`)
	f.Add(`{"v":3}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decodeRecord(text)
		if err != nil {
			return
		}
		in, err := Parse("", manifesttest.Layouts["wide"])
		require.NoError(t, err)
		o := in.Objects[0]
		s := stripper{editor: editor{Lines: in.lines, Style: o.textStyle()}, root: o.rootNode()}
		if s.stripRecord(r) == nil {
			_ = joinSplices(in.lines.Text, s.splices)
		}
	})
}

// A number is the same however it's written: else our own would look changed.
func TestNumbers(t *testing.T) {
	for _, pair := range [][2]json.Number{{"1e3", "1000"}, {"1.50", "1.5"}, {"1.0e+3", "1000"}, {"7", "7"},
		{"18446744073709551615", "18446744073709551615"}} {
		require.True(t, values.Equal(pair[0], pair[1]), "%v", pair)
		require.Equal(t, hashValue(pair[0]), hashValue(pair[1]))
	}
	require.False(t, values.Equal(json.Number("1"), json.Number("2")))
	require.False(t, values.Equal(json.Number("1"), "1"))
}

// A comment above the second key isn't the first one's: it stays when that goes,
// and the first one comes back above it.
func TestTheFirstKeyGoesAlone(t *testing.T) {
	text := "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - ports: # here\n" +
		"    - containerPort: 9200\n\n    # the app\n    # of the shop\n    name: app\n"
	in, err := Parse("", text)
	require.NoError(t, err)
	e := sidecar.Edit{Object: in.Objects[0].Ref, Delete: true,
		Path: sidecar.Fields("spec", "containers").At("name", "app").To("ports").At("containerPort", "9200")}
	proxy := sidecar.Edit{Object: in.Objects[0].Ref, Path: sidecar.Fields("spec", "containers").At("name", "proxy"),
		Value: map[string]any{"name": "proxy", "ports": []map[string]int{{"containerPort": 9200}}}}
	out, fs := Lay([]*Text{in}, []sidecar.Edit{e, proxy}, nil, Options{By: "shop", Record: true})
	require.Empty(t, fs)
	require.Contains(t, out[0], "  containers:\n  - # the app\n    # of the shop\n    name: app\n")
	laid, err := Parse("", out[0])
	require.NoError(t, err)
	back, fs := StripAll(laid)
	require.Empty(t, fs)
	require.Equal(t, text, back.String())
}

// An empty value may stand on a line of its own, as Helm's toYaml writes it behind nindent.
// What stands between it and its key stays, and strip gives the value back.
func TestEmptyValuesOnTheirOwnLine(t *testing.T) {
	at := sidecar.Fields("spec", "containers").At("name", "app").To("env").At("name", "A")
	for _, value := range []string{"[]", "[ ]", "null", "~", "[] # c", "[]  "} {
		for _, between := range []string{"\n", " \n", "  # of the key\n", "\t# of the key\n", "\n    # above: it\n",
			"\n\n# left\n", " # of the key\n        # deep\n\n"} {
			for _, crlf := range []string{"\n", "\r\n"} {
				text := strings.ReplaceAll("apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n"+
					"  - name: app\n    env:"+between+"      "+value+"\n    image: web:1\n", "\n", crlf)
				in, err := Parse("", text)
				require.NoError(t, err)
				e := sidecar.Edit{Object: in.Objects[0].Ref, Path: at, Value: map[string]string{"name": "A", "value": "b"}}
				out, fs := Lay([]*Text{in}, []sidecar.Edit{e}, nil, Options{By: "shop", Record: true})
				require.Empty(t, fs)
				require.Contains(t, out[0], strings.ReplaceAll("    env:"+between, "\n", crlf), "what stands above goes")
				laid, err := Parse("", out[0])
				require.NoError(t, err)
				var env []struct{ Name, Value string }
				require.NoError(t, laid.Objects[0].Decode(at[:len(at)-1], &env))
				require.Len(t, env, 1)
				back, fs := StripAll(laid)
				require.Empty(t, fs)
				require.Equal(t, text, back.String())
			}
		}
	}
}
