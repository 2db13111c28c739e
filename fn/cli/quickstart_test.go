package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A reader is somebody who follows the README: copies its files, and types its commands, where they stand.
type reader struct{ dir string }

// newReader returns a reader in a fresh clone, with a home of their own.
func newReader(t *testing.T) *reader {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("KUSTOMIZE_PLUGIN_HOME", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	r := &reader{filepath.Join(home, "outrigger")}
	require.NoError(t, os.Mkdir(r.dir, 0o755))
	examples, err := filepath.Abs("../../examples")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(examples, filepath.Join(r.dir, "examples")))
	return r
}

// copyFile writes a block of the README whose first line is a comment with its path.
func (r *reader) copyFile(t *testing.T, block string) {
	t.Helper()
	head, _, _ := strings.Cut(block, "\n")
	name, found := strings.CutPrefix(head, "# ")
	require.True(t, found && !strings.Contains(name, " "), "the block doesn't begin with its path: %s", block)
	path := filepath.Join(r.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(block), 0o644))
}

func (r *reader) read(t *testing.T, name string) string {
	t.Helper()
	return text(t, filepath.Join(r.dir, name))
}

// enter types a command, which must work, and returns its standard output. The next one is typed where it ends.
func (r *reader) enter(t *testing.T, command string) string {
	t.Helper()
	there := filepath.Join(t.TempDir(), "pwd")
	cmd := exec.Command("bash", "-c", "set -euo pipefail\n"+command+"\npwd >'"+there+"'")
	cmd.Dir = r.dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s\n%s\n(make bin/kustomize bin/kpt builds both)", command, &stderr)
	r.dir = strings.TrimSpace(text(t, there))
	return string(out)
}

var fences = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// The README's quick starts are complete: whoever copies its files and types its commands has the sidecars, with the
// real programs. No cluster is at hand, so what would go to it through kubectl apply is looked at instead.
func TestQuickStarts(t *testing.T) {
	r := newReader(t)
	var base, built string
	checks := map[string]func(out string){
		"mkdir ../search": func(string) {
			base = r.read(t, "base/elasticsearch.yaml")
			r.copyFile(t, strings.Join(block(t, "config"), "\n")+"\n") // which the text calls the one above
		},
		"outrigger install --kustomize-guard": func(string) {},
		"kustomize build --enable-alpha-plugins --enable-exec": func(out string) {
			built = out
			mirrored := kustomize(t, "../../examples/elasticsearch-tls/overlay")
			require.Equal(t, strings.ReplaceAll(mirrored, "registry.example.com/", "docker.io/nginxinc/"), built)
			guarded(t, filepath.Join(r.dir, "overlay"))
		},
		"sed -i": func(string) {
			require.NotContains(t, r.read(t, "sidecars/sidecars.yaml"), "annotations")
		},
		"outrigger install --kustomize-plugin":           func(string) {},
		"kustomize build --enable-alpha-plugins overlay": func(out string) { require.Equal(t, built, out) },
		"kubectl kustomize --enable-alpha-plugins":       func(out string) { require.Equal(t, built, out) },
		"cp base": func(string) {},
		"kpt fn render": func(string) {
			once := r.read(t, "package/elasticsearch.yaml")
			require.Contains(t, once, "name: tls-proxy\n")
			r.enter(t, "kpt fn render --allow-exec package")
			require.Equal(t, once, r.read(t, "package/elasticsearch.yaml"))
		},
		"kpt fn eval": func(string) {
			require.Contains(t, r.read(t, "package/elasticsearch.yaml"), "name: wait-for\n")
			require.Contains(t, r.read(t, "package/elasticsearch.yaml"), "name: tls-proxy\n")
		},
		"kubectl kustomize base": func(out string) {
			require.Contains(t, out, "- name: tls-proxy\n")
			require.Contains(t, out, "kind: ConfigMap\n")
		},
		"outrigger run": func(out string) {
			require.Contains(t, out, "- name: tls-proxy\n")
			require.Contains(t, out, "kind: ConfigMap\n")
		},
		"outrigger inject -c sidecars/sidecars.yaml -w --diff": func(out string) {
			require.Contains(t, out, "\n+        - name: tls-proxy\n")
			require.Equal(t, base, r.read(t, "base/elasticsearch.yaml"))
		},
		"outrigger inject -c sidecars/sidecars.yaml -w base": func(string) {
			require.Contains(t, r.read(t, "base/elasticsearch.yaml"), "- name: tls-proxy\n")
		},
		"outrigger inject -c sidecars/sidecars.yaml -w --check": func(out string) { require.Empty(t, out) },
		"outrigger strip": func(string) { require.Equal(t, base, r.read(t, "base/elasticsearch.yaml")) },
	}
	r.follow(t, sectionOf(t, "../../README.md", "Run it"), checks)
}

// whyUntested returns why a command can't be typed here: it needs a runner that isn't there and that no make target
// builds, or a registry.
func whyUntested(command string) string {
	if _, err := exec.LookPath("kubectl"); err != nil && strings.HasPrefix(command, "kubectl ") {
		return "kubectl isn't in PATH"
	}
	if strings.HasPrefix(command, "flux push ") {
		return "it needs a registry"
	}
	return ""
}

// forget takes the check of a command out of those that are left.
func forget(t *testing.T, checks map[string]func(string), command string) func(string) {
	t.Helper()
	for begin, check := range checks {
		if strings.HasPrefix(command, begin) {
			delete(checks, begin)
			return check
		}
	}
	require.Fail(t, "the README has a command without a check", command)
	return nil
}
