//go:build runners

package runners

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/outrigger-dev/outrigger/e2e/program"
)

// checkEjected checks that an ejected Component gives what the function gives: with every version of kustomize, with
// kubectl, and without any flag.
func checkEjected(t *testing.T, e example, want string) {
	t.Helper()
	overlay, objects := ejectExample(t, e), decodeObjects(t, want)
	for _, version := range versions() {
		examples.check(t, e.name, "ejected", version, func(t *testing.T) {
			built := program.Output(t, "", kustomizes[version], "build", overlay)
			require.Equal(t, objects, decodeObjects(t, built))
		})
	}
	examples.check(t, e.name, "kubectl ejected", "", func(t *testing.T) {
		need(t, "kubectl")
		require.Equal(t, objects, decodeObjects(t, program.Output(t, "", "kubectl", "kustomize", overlay)))
	})
}

// ejectExample writes the Component, and an overlay that lists it in place of the document's. It returns the overlay.
func ejectExample(t *testing.T, e example) (overlay string) {
	t.Helper()
	at := func(name string) string { return forms[0].path(filepath.Join(e.folder, name+e.variant)) }
	listed := readFile(t, filepath.Join(at("overlay"), "kustomization.yaml"))
	base, document := forms[0].path(e.base()), forms[0].path(e.document())
	if strings.Contains(listed, "components:\n") {
		listed = strings.Replace(listed, "../sidecars"+e.variant, "../ejected"+e.variant, 1)
	} else {
		// The function comes last, so the Component is for what it sees (see splitOverlay). There, names have their prefix.
		base = at("inner")
		final := strings.Replace(readFile(t, document), "name: elasticsearch\n", "name: prod-elasticsearch\n", 1)
		document = filepath.Join(t.TempDir(), "sidecars.yaml")
		writeFile(t, document, final)
		listed = "resources: [../inner" + e.variant + "]\ncomponents: [../ejected" + e.variant + "]\n"
	}
	require.Contains(t, listed, "../ejected")
	require.NoError(t, os.MkdirAll(at("plain"), 0o755))
	writeFile(t, filepath.Join(at("plain"), "kustomization.yaml"), listed)
	stream := program.Output(t, "", kustomizes[newest], "build", base)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute) // fifty workloads take a minute or two of CPU
	defer cancel()
	cmd := exec.CommandContext(ctx, "outrigger", "eject", "-q", "-c", document, "-o", at("ejected"))
	cmd.Stdin = strings.NewReader(stream)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return at("plain")
}

// decodeObjects returns the objects of a stream as JSON, by kind, namespace and name: their order doesn't matter.
func decodeObjects(t *testing.T, stream string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for text := range strings.SplitSeq(stream, "\n---\n") {
		var o struct {
			Kind     string
			Metadata struct{ Namespace, Name string }
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &o))
		key := strings.Join([]string{o.Kind, o.Metadata.Namespace, o.Metadata.Name}, "/")
		require.NotContains(t, all, key)
		object, err := yaml.YAMLToJSON([]byte(text))
		require.NoError(t, err)
		all[key] = string(object)
	}
	return all
}
