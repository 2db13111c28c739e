package fn

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// callPlugin runs the plugin over bare documents.
func callPlugin(t *testing.T, config, stream string) (failed bool, out, stderr string) {
	t.Helper()
	document := filepath.Join(t.TempDir(), "kust-plugin-config-1")
	require.NoError(t, os.WriteFile(document, []byte(config), 0o600))
	var o, e bytes.Buffer
	failed = Plugin(document, strings.NewReader(stream), &o, &e) != nil
	return failed, o.String(), e.String()
}

// The plugin writes what the function writes, as bare documents.
func TestPlugin(t *testing.T) {
	named := strings.Replace(web, "  name: web\nspec", "  annotations:\n"+
		"    internal.config.kubernetes.io/previousNames: web\n    kustomize.config.k8s.io/id: |\n      group: apps\n"+
		"      kind: Deployment\n      name: p-web\n      version: v1\n  name: p-web\nspec", 1)
	other := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}   # untouched\ndata:\n  a: |\n    text\n\n" +
		"    ---\n    more\n"
	failed, out, stderr := callPlugin(t, sidecars, named+"---\n"+other)
	require.False(t, failed, stderr)
	code, want, _ := call(list(sidecars, named, other))
	require.Zero(t, code)
	want, _, _ = strings.Cut(strings.TrimPrefix(want, listHead), "functionConfig:")
	want = strings.ReplaceAll(want, "\n  \n", "\n\n")
	require.Equal(t, want, strings.TrimPrefix(listDocuments(out), listHead))
	require.Contains(t, out, "\n---\n"+other)
	require.Contains(t, out, "- name: tls-proxy\n")

	failed, again, stderr := callPlugin(t, sidecars, out)
	require.False(t, failed, stderr)
	require.Equal(t, out, again, "twice is once")
}

// Where anything is wrong, there's no output, and the place is none in a file that kustomize removes.
func TestPluginFails(t *testing.T) {
	for name, c := range map[string]struct{ config, stream, want string }{
		"in generators": {sidecars, "", "error[no-objects]: there are no objects beside the document search; kustomize " +
			"passes none in generators\n  hint: list the Sidecars document in transformers: of the kustomization\n"},
		"a typo": {strings.Replace(sidecars, "secretName", "secretname", 1), web,
			"error[unknown-field]: Sidecars search spec.patterns[0].tlsProxy.secretname: there is no such field\n"},
		"nothing selected": {sidecars, strings.ReplaceAll(web, "name: web", "name: other"), "error[nothing-selected]: "},
		"no YAML":          {sidecars, "a: [\n", "error[yaml-syntax]: standard input: "},
	} {
		failed, out, stderr := callPlugin(t, c.config, c.stream)
		require.True(t, failed, name)
		require.Empty(t, out, name)
		require.Contains(t, stderr, c.want, name)
	}
	failed, out, stderr := callPlugin(t, sidecars+"  expect: {min: 0}\n", "")
	require.False(t, failed, stderr)
	require.Empty(t, out+stderr)
}

// Each document becomes an item, and the other way round, byte for byte.
func TestListDocuments(t *testing.T) {
	for _, stream := range []string{
		"kind: A\n", "kind: A\n---\nkind: B\nx:\n\n- 1\n", "kind: A # c\n# c\nx: |\n  y\n\n---\nkind: B",
		"{kind: A}\n---\n{\n}\n",
	} {
		require.Equal(t, stream, bareDocuments(listDocuments(stream)))
	}
	require.Equal(t, "kind: A\n---\nkind: B\n",
		bareDocuments(listDocuments("---\n# about A\n\n---\nkind: A\n---\n---   kind: B\n--- # nothing\n")))
}

// A document that stands in another list of a kustomization says so, where that can be known.
func TestPosition(t *testing.T) {
	local := strings.Replace(sidecars, "metadata: {name: search}",
		"metadata: {name: search, annotations: {config.kubernetes.io/local-config: \"true\"}}", 1)
	code, _, stderr := call(list(local, local))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "error[no-objects]: there are no objects beside the document search; kustomize passes "+
		"none in generators\n  hint: list the Sidecars document in transformers: of the kustomization\n")

	listed := strings.Replace(sidecars, "{name: search}",
		"{name: listed, annotations: {kustomize.config.k8s.io/id: x}}", 1)
	code, _, stderr = call(list(sidecars, web, listed))
	require.Zero(t, code, stderr)
	require.Equal(t, "warning[document-unused]: Sidecars listed: is one of the resources, where nothing runs it and no "+
		"cluster knows it\n  hint: list the Sidecars document in transformers: of the kustomization\n", stderr)
}
