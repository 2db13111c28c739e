package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inPlace runs inject -w over a file with a text, and returns the new text.
func inPlace(t *testing.T, config, input string) (code int, out, err string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yaml")
	require.NoError(t, os.WriteFile(path, []byte(input), 0o600))
	code, _, err = call("", "inject", "-c", file(t, "sidecars.yaml", config), "-w", path)
	return code, text(t, path), err
}

// After any change of the config, the result is that of a fresh run.
func TestInPlaceIsTheFreshState(t *testing.T) {
	base := sidecars
	for name, next := range map[string]string{
		"pattern renamed":   strings.Replace(base, "- tlsProxy:", "- name: front\n      tlsProxy:", 1),
		"another image":     strings.Replace(base, "- tlsProxy:", "- override: {image: 'nginx:1.27.5'}\n      tlsProxy:", 1),
		"pattern added":     base + "    - custom:\n        containers: [{name: more, image: 'more:1'}]\n      name: more\n",
		"pattern removed":   base[:strings.Index(base, "    - tlsProxy:")] + "    []\n",
		"another placement": strings.Replace(base, "- tlsProxy:", "- placement: beside\n      tlsProxy:", 1),
		"nothing selected":  strings.Replace(base, "name: web}]", "name: none}]\n  expect: {min: 0}", 1),
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, base, next)
			code, fresh, err := inPlace(t, next, web)
			require.Zero(t, code, err)
			code, laid, err := inPlace(t, base, web)
			require.Zero(t, code, err)
			code, later, err := inPlace(t, next, laid)
			require.Zero(t, code, err)
			require.Equal(t, fresh, later)
			code, back, err := inPlace(t, base, later)
			require.Zero(t, code, err)
			require.Equal(t, laid, back)
		})
	}
}

// Additions that a person makes after a run are kept by the next run and by strip.
func TestByHandStays(t *testing.T) {
	code, laid, err := inPlace(t, sidecars, web)
	require.Zero(t, code, err)
	for name, c := range map[string]struct{ old, new string }{
		"image":         {"image: web:1 # pinned", "image: web:2 # newer"},
		"own container": {"      volumes:\n", "        - name: mine\n          image: mine:1 # own\n      volumes:\n"},
		"comment above": {"      initContainers:\n", "      # before the app\n      initContainers:\n"},
		"label":         {"metadata:\n  name: web\n", "metadata:\n  name: web\n  labels: {a: b}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			mine := strings.Replace(laid, c.old, c.new, 1)
			require.NotEqual(t, laid, mine)
			code, again, err := inPlace(t, sidecars, mine)
			require.Zero(t, code, err)
			lines := strings.Count(laid, "\n") + strings.Count(c.new, "\n") - strings.Count(c.old, "\n")
			require.Equal(t, lines, strings.Count(again, "\n"))
			require.Contains(t, again, strings.TrimSpace(strings.ReplaceAll(c.new, c.old, "")))
			path := file(t, "web.yaml", again)
			code, _, err = call("", "strip", "-w", path)
			require.Zero(t, code, err)
			bare := text(t, path)
			require.Contains(t, bare, strings.TrimSpace(strings.ReplaceAll(c.new, c.old, "")))
			require.NotContains(t, bare, "outrigger")
			require.NotContains(t, bare, "nginx")
		})
	}
}

// A change that a person makes to a generated part is an error with a hint, and is never overwritten.
func TestByHandConflicts(t *testing.T) {
	code, laid, err := inPlace(t, sidecars, web)
	require.Zero(t, code, err)
	for name, c := range map[string]struct{ old, new, says string }{
		"value": {"periodSeconds: 20", "periodSeconds: 30", "initContainers[name=tls-proxy]: was changed by hand"},
		"comment within": {
			"          restartPolicy: Always\n",
			"          # keep\n          restartPolicy: Always\n",
			"initContainers[name=tls-proxy]: was changed by hand",
		},
		"comment behind": {
			"restartPolicy: Always\n",
			"restartPolicy: Always # keep\n",
			"initContainers[name=tls-proxy]: was changed by hand",
		},
		"emitted object": {
			"worker_processes",
			"  worker_processes",
			"ConfigMap web-tls-proxy: was changed by hand since outrigger wrote it\n  hint: move the change into the config",
		},
	} {
		t.Run(name, func(t *testing.T) {
			mine := strings.Replace(laid, c.old, c.new, 1)
			require.NotEqual(t, laid, mine)
			const changed = "- override: {image: 'nginx:1.27.5'}\n      tlsProxy:\n        accessLog: json"
			for _, conf := range []string{sidecars, strings.Replace(sidecars, "- tlsProxy:", changed, 1)} {
				code, after, err := inPlace(t, conf, mine)
				if name == "emitted object" && conf == sidecars || code == 1 {
					require.Equal(t, 1, code)
					require.Equal(t, mine, after)
					require.Contains(t, err, c.says)
				}
				require.Equal(t, 1, code, err)
			}
			path := file(t, "web.yaml", mine)
			code, _, err := call("", "strip", "-w", path)
			require.Equal(t, 1, code)
			require.Contains(t, err, c.says)
			require.Equal(t, mine, text(t, path))
		})
	}
}

// A config with another name refuses work that it finds, since it doesn't know whose it is.
func TestRenamedConfig(t *testing.T) {
	code, laid, err := inPlace(t, sidecars, web)
	require.Zero(t, code, err)
	renamed := strings.Replace(sidecars, "name: search", "name: find", 1)
	require.NotEqual(t, sidecars, renamed)
	code, after, err := inPlace(t, renamed, laid)
	require.Equal(t, 1, code)
	require.Equal(t, laid, after)
	require.Contains(t, err, "tls-proxy: document search has added a sidecar with this name\n  hint: give the sidecar "+
		"another name, or, if that's the former name of this document, remove its work with outrigger strip first")
}
