package cli

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Findings name the document that they're about, and a place in a file that the user has.
func TestPlaces(t *testing.T) {
	const head = "apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: %}\nspec:\n" +
		"  select: [{kind: Deployment, name: web}]\n"
	document := func(name, rest string) string { return strings.Replace(head, "%", name, 1) + rest }
	cache := document("cache", "  patterns:\n    - tlsProxy:\n        {port: 9000, secretName: x, "+
		"rebind: {port: 9001, env: {A: b}}}\n")
	many := document("many", "  expect:\n    min: 2\n  patterns:\n    - waitFor: {targets: ['db:5432']}\n")
	typo := document("typo", "  patterns:\n    - waitfor: {}\n")
	dir := folder(t, map[string]string{"cache.yaml": cache, "many.yaml": many, "typo.yaml": typo,
		"all.yaml": cache + "---\n" + many, "web.yaml": "# the app\n" + web})
	for name, c := range map[string]struct {
		args, want []string
		stdin      string
	}{
		"one document": {[]string{"-c", "cache.yaml", "web.yaml"},
			[]string{"error[port-unknown]: web.yaml:2: Deployment web: tls-proxy: port: "}, ""},
		"two documents": {[]string{"-c", "cache.yaml", "-c", "many.yaml", "web.yaml"}, []string{
			"error[expect]: many.yaml:7: spec.expect.min: ",
			"error[port-unknown]: web.yaml:2: Deployment web: tls-proxy (Sidecars cache): port: "}, ""},
		"a file of two": {[]string{"-c", "all.yaml", "web.yaml"}, []string{
			"error[expect]: all.yaml:16: spec.expect.min: ", "tls-proxy (Sidecars cache): port: "}, ""},
		"a typo": {[]string{"-c", "cache.yaml", "-c", "typo.yaml", "web.yaml"},
			[]string{"error[unknown-field]: typo.yaml:7: spec.patterns[0].waitfor: "}, ""},
		"documents on standard input": {[]string{"-c", "-", "web.yaml"},
			[]string{"error[expect]: line 16: Sidecars many spec.expect.min: "}, cache + "---\n" + many},
		"a stream, which nobody has": {[]string{"-c", "cache.yaml"},
			[]string{"error[port-unknown]: Deployment web: tls-proxy: port: "}, web},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(dir)
			code, _, stderr := call(c.stdin, append([]string{"inject"}, c.args...)...)
			require.Equal(t, exitFailed, code)
			for _, want := range c.want {
				require.Contains(t, "\n"+stderr, "\n"+strings.Split(want, "tls-proxy (")[0])
				require.Contains(t, stderr, want)
			}
		})
	}
}

// Under kustomize, which tells no file, the document and the workload are named, and no line.
func TestPlacesOfKustomize(t *testing.T) {
	bare := strings.Replace(waits, "{name: waits}", "\n  name: waits\n  annotations:\n"+
		"    config.kubernetes.io/function: 'exec: {path: outrigger}'", 1)
	bare = strings.NewReplacer("[waitFor", "[{waitFor", "]}]", "]}}]").Replace(bare)
	for name, c := range map[string]struct{ was, is, want string }{
		"a typo": {"waitFor:", "waitfor:", "error[unknown-field]: Sidecars waits spec.patterns[0].waitfor: there is"},
		"a wrong number": {"spec:\n", "spec:\n  expect: {min: 3}\n",
			"error[expect]: Sidecars waits spec.expect.min: 1 workloads"},
		"an app": {"{waitFor:", "{app: none, waitFor:",
			"error[app-unknown]: Deployment web: wait-for (Sidecars waits): no container is named none"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"web.yaml": web, "sidecars.yaml": strings.Replace(bare, c.was, c.is, 1),
				"kustomization.yaml": "resources: [web.yaml]\ntransformers: [sidecars.yaml]\n"})
			out, err := exec.Command("kustomize", "build", "--enable-alpha-plugins", "--enable-exec",
				filepath.Clean(dir)).CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), c.want)
			require.NotRegexp(t, `(?m)^\w+\[.*\bline \d`, string(out))
		})
	}
}
