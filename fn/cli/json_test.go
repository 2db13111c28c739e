package cli

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// decodeAll reads JSON values as kubectl does, and returns their kinds.
func decodeAll(t *testing.T, text string) (kinds []string) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var v struct {
			Kind  string
			Items []struct{ Kind string }
		}
		err := d.Decode(&v)
		if err == io.EOF {
			return kinds
		}
		require.NoError(t, err, text)
		kinds = append(kinds, v.Kind)
		for _, o := range v.Items {
			kinds = append(kinds, o.Kind)
		}
	}
}

const jsonWeb = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web",` +
	`"annotations":{"a":"\/\ud83d\ude00"}},"spec":{"template":{"metadata":{"labels":{"app":"web"}},` +
	`"spec":{"containers":[{"name":"web","image":"web:1","ports":[{"name":"http","containerPort":8080}]}]}}}}`

// indented is a JSON text over many lines, with an indentation.
func indented(t *testing.T, text, by string) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	out, err := json.MarshalIndent(v, "", by)
	require.NoError(t, err)
	return string(out)
}

// JSON stays JSON: the objects that come new are in the form of the input.
func TestInjectJSON(t *testing.T) {
	conf := file(t, "sidecars.yaml", strings.ReplaceAll(sidecars, "select:", "record: always\n  select:"))
	const secret = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"web-tls"},` +
		`"data":{"tls.crt":"YQ==","tls.key":"YQ=="}}`
	crlf := strings.ReplaceAll(indented(t, jsonWeb, "  ")+"\n", "\n", "\r\n")
	for name, c := range map[string]struct {
		in    string
		kinds []string
	}{
		"one":          {jsonWeb, []string{"Deployment", "ConfigMap"}},
		"a line break": {jsonWeb + "\n", []string{"Deployment", "ConfigMap"}},
		"indented":     {indented(t, jsonWeb, "  ") + "\n", []string{"Deployment", "ConfigMap"}},
		"tabs":         {indented(t, jsonWeb, "\t") + "\n", []string{"Deployment", "ConfigMap"}},
		"CRLF":         {crlf, []string{"Deployment", "ConfigMap"}},
		"concatenated": {secret + jsonWeb, []string{"Secret", "Deployment", "ConfigMap"}},
		"on lines":     {jsonWeb + "\n" + secret + "\n", []string{"Deployment", "Secret", "ConfigMap"}},
		"indented each": {indented(t, jsonWeb, "\t") + "\n" + indented(t, secret, "\t"),
			[]string{"Deployment", "Secret", "ConfigMap"}},
		"list": {`{"apiVersion":"v1","kind":"List","items":[` + jsonWeb + `]}`,
			[]string{"List", "Deployment", "ConfigMap"}},
		"list and more": {`{"apiVersion":"v1","kind":"List","items":[` + jsonWeb + "]}\n" + secret,
			[]string{"List", "Deployment", "ConfigMap", "Secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := call(c.in, "inject", "-c", conf)
			require.Zero(t, code, err)
			require.Equal(t, c.kinds, decodeAll(t, out))
			require.Contains(t, out, "tls-proxy")
			code, again, err := call(out, "inject", "-c", conf)
			require.Zero(t, code, err)
			require.Equal(t, out, again)
			code, stripped, err := call(out, "strip")
			require.Zero(t, code, err)
			require.Equal(t, c.in, stripped)
		})
	}
}

// An array, as jsonnet writes one, stays one.
func TestInjectArray(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	for _, in := range []string{"[" + jsonWeb + "]\n", indented(t, "["+jsonWeb+"]", "   ")} {
		code, out, err := call(in, "inject", "-c", conf)
		require.Zero(t, code, err)
		var all []struct{ Kind string }
		require.NoError(t, json.Unmarshal([]byte(out), &all))
		require.Len(t, all, 2)
		require.Equal(t, "ConfigMap", all[1].Kind)
	}
}

// Documents of JSON with markers between them stay such a stream.
func TestInjectMarkedJSON(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	code, out, err := call("---\n"+jsonWeb+"\n---\n"+`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}`+"\n",
		"inject", "-c", conf)
	require.Zero(t, code, err)
	parts := strings.Split(out, "---\n")
	require.Len(t, parts, 4)
	require.Equal(t, []string{"ConfigMap"}, decodeAll(t, parts[3]))
}

// JSON files of a folder count, and are printed so that kubectl reads the whole.
func TestInjectJSONFiles(t *testing.T) {
	conf := file(t, "sidecars.yaml", sidecars)
	texts := map[string]string{"a.json": jsonWeb + jsonWeb2, "b.json": jsonWeb3 + "\n",
		"package.json": "{\"name\": \"x\"}\n"}
	dir := folder(t, texts)
	code, out, err := call("", "inject", "-c", conf, dir)
	require.Zero(t, code, err)
	require.Equal(t, []string{"Deployment", "Secret", "ConfigMap", "Secret"}, decodeAll(t, out))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.yaml"), []byte("apiVersion: v1\nkind: Service\n"), 0o644))
	code, out, err = call("", "inject", "-c", conf, dir)
	require.Zero(t, code, err)
	require.Equal(t, 4, strings.Count(out, "---\n"), out)

	code, _, err = call("", "inject", "-c", conf, "-w", dir)
	require.Zero(t, code, err)
	require.Equal(t, []string{"Deployment", "Secret", "ConfigMap"}, decodeAll(t, text(t, filepath.Join(dir, "a.json"))))
	code, _, err = call("", "strip", "-w", dir)
	require.Zero(t, code, err)
	for name, was := range texts {
		require.Equal(t, was, text(t, filepath.Join(dir, name)))
	}
}

const (
	jsonWeb2 = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"two"}}`
	jsonWeb3 = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"three"}}`
)
