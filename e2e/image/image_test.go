package image

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/program"
)

// What kustomize and kpt put between "docker" and the image.
// [TestKustomize] and [TestKpt] hold these against the real ones.
const (
	asKustomize = "run --rm -i -a STDIN -a STDOUT -a STDERR --network none --user nobody" +
		" --security-opt=no-new-privileges -e LOG_TO_STDERR=true -e STRUCTURED_RESULTS=true"
	asKpt = "run --rm -i --network none --user nobody --security-opt=no-new-privileges"
)

// list is the ResourceList that a runner would send.
func list(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for doc := range strings.SplitSeq(read(t, "app.yaml"), "---\n") {
		b.WriteString("- " + indent(doc) + "\n")
	}
	b.WriteString("functionConfig:\n  " + indent(read(t, "sidecars.yaml")) + "\n")
	return b.String()
}

func indent(doc string) string {
	return strings.ReplaceAll(strings.TrimSuffix(doc, "\n"), "\n", "\n  ")
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/app/" + name)
	require.NoError(t, err)
	return string(b)
}

// inImage runs the image with the command line of a runner.
func inImage(t *testing.T, stdin, runner string, args ...string) program.Result {
	t.Helper()
	return program.Run(t, stdin, podman, append(append(strings.Fields(runner), Name), args...)...)
}

// The image does to the byte what the program does outside of it, whoever runs it
// and however little it is allowed.
func TestSameAsProgram(t *testing.T) {
	lists := map[string]string{
		"good":          list(t),
		"wrong config":  strings.Replace(list(t), "secretName", "secretname", 1),
		"no workload":   strings.Replace(list(t), "  name: search", "  name: other", 1),
		"no list":       read(t, "app.yaml"),
		"empty":         "",
		"blank":         " \n\n",
		"not even YAML": "{",
	}
	runners := map[string]string{
		"kustomize": asKustomize,
		"kpt":       asKpt,
		"plain":     "run --rm -i --network none",
		"strict": "run --rm -i --network none --read-only --cap-drop all --user 12345:12345" +
			" --security-opt=no-new-privileges",
	}
	for name, stdin := range lists {
		want := program.Run(t, stdin, "outrigger")
		if name == "good" {
			require.Zero(t, want.Code, want.Stderr)
			require.Contains(t, want.Stdout, "name: tls-proxy")
		} else {
			require.Equal(t, 1, want.Code)
			require.NotEmpty(t, want.Stderr)
			require.NotContains(t, want.Stdout, "name: tls-proxy")
		}
		for runner, flags := range runners {
			t.Run(name+"/"+runner, func(t *testing.T) {
				require.Equal(t, want, inImage(t, stdin, flags))
			})
		}
	}
}

// A list with a wrong config goes out with its items as they came, and with the
// reason: what a function leaves out is deleted.
func TestWrongConfig(t *testing.T) {
	in := strings.Replace(list(t), "secretName", "secretname", 1)
	got := inImage(t, in, asKpt)
	require.Equal(t, 1, got.Code)
	items, _, _ := strings.Cut(in, "functionConfig:")
	require.Contains(t, got.Stdout, items)
	require.Contains(t, got.Stdout, "results:")
	require.Contains(t, got.Stderr, "secretname")
}

// Runners delete all resources when a function ends well and says nothing.
func TestEmpty(t *testing.T) {
	got := inImage(t, "", asKustomize)
	require.Equal(t, 1, got.Code)
	require.Empty(t, got.Stdout)
	require.Contains(t, got.Stderr, "standard input is empty")
}

// `kpt fn doc` prints what --help writes to standard output.
func TestHelp(t *testing.T) {
	got := inImage(t, "", asKpt, "--help")
	require.Zero(t, got.Code)
	require.Contains(t, got.Stdout, "KRM function")
	require.Empty(t, got.Stderr)
}

// What registries, scanners and Porch, which runs functions by their entry point,
// read from the image.
func TestConfig(t *testing.T) {
	got := program.Run(t, "", podman, "image", "inspect", Name)
	require.Zero(t, got.Code, got.Stderr)
	var images []struct {
		Size   int64
		Config struct {
			User            string
			Entrypoint, Cmd []string
			Env             []string
			Labels          map[string]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.Stdout), &images))
	require.Len(t, images, 1)
	c := images[0].Config
	require.Equal(t, "65532:65532", c.User, "a number, or runAsNonRoot can't be checked")
	require.Equal(t, []string{"/outrigger"}, c.Entrypoint)
	require.Empty(t, c.Cmd)
	for _, name := range []string{"title", "description", "source", "licenses", "version"} {
		require.NotEmpty(t, c.Labels["org.opencontainers.image."+name], name)
	}
	require.Less(t, images[0].Size, int64(32<<20))
}
