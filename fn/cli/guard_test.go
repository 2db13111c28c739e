package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every document has the same guard, and the same check of it: those that the program installs.
func TestGuardsAreAlike(t *testing.T) {
	for _, name := range []string{"guard.yaml", "guard-check.yaml"} {
		all, err := filepath.Glob("../../examples/*/*/" + name)
		require.NoError(t, err)
		documents, err := filepath.Glob("../../examples/*/sidecars*/sidecars.yaml")
		require.NoError(t, err)
		require.Len(t, all, len(documents), "each document has its guard")
		cases, err := filepath.Glob("testdata/kustomize/*/" + name)
		require.NoError(t, err)
		all = append(all, cases...)
		for _, file := range all {
			require.Equal(t, text(t, "guard/"+name), text(t, file), "cp fn/cli/guard/%s %s", name, file)
		}
	}
}

// The guard comes into a folder that may not be there yet, and a file that somebody else has written stays.
func TestInstallGuard(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sidecars")
	guard, check := filepath.Join(dir, "guard.yaml"), filepath.Join(dir, "guard-check.yaml")
	for range 2 {
		code, out, stderr := call("", "install", "--kustomize-guard", dir)
		require.Equal(t, exitDone, code, stderr)
		require.Equal(t, check+"\n"+guard+"\n", out)
		require.Equal(t, text(t, "guard/guard.yaml"), text(t, guard))
		require.Equal(t, text(t, "guard/guard-check.yaml"), text(t, check))
	}
	require.NoError(t, os.Remove(check))
	require.NoError(t, os.WriteFile(guard, []byte("mine\n"), 0o600))
	code, _, stderr := call("", "install", "--kustomize-guard", dir)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "guard.yaml is there already, and it isn't this guard\n  hint: remove it first\n")
	require.Equal(t, "mine\n", text(t, guard))
	require.NoFileExists(t, check, "all or nothing")

	for _, args := range [][]string{{"--kustomize-guard"}, {"--kustomize-guard", "--kustomize-plugin"}, {}} {
		code, _, stderr = call("", append([]string{"install"}, args...)...)
		require.Equal(t, exitMisuse, code, args)
		require.Contains(t, stderr, "hint: ")
	}
}

// The guard works whatever is renamed, with several Components and with a base that is used twice, and only outrigger
// satisfies it.
func TestGuard(t *testing.T) {
	dir := t.TempDir()
	examples, err := filepath.Abs("../../examples")
	require.NoError(t, err)
	for _, name := range []string{"elasticsearch-tls", "raise-max-map-count", "basic-auth"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(examples, name))))
	}
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	// rewrite replaces a text in a file
	rewrite := func(name, old, new string) {
		before := text(t, filepath.Join(dir, name))
		require.Contains(t, before, old, name)
		write(name, strings.Replace(before, old, new, 1))
	}
	copyFolder := func(from, to string) {
		require.NoError(t, os.CopyFS(filepath.Join(dir, to), os.DirFS(filepath.Join(dir, from))))
	}
	build := func(name string, flags ...string) (string, error) {
		args := append(append([]string{"build"}, flags...), filepath.Join(dir, name))
		out, err := exec.Command("kustomize", args...).CombinedOutput()
		return string(out), err
	}
	const hasNotRun = "has not run: kustomize needs --enable-alpha-plugins --enable-exec"
	const tls, raise, auth = "../elasticsearch-tls/sidecars", "../raise-max-map-count/sidecars", "../basic-auth/sidecars"
	over := func(rest string) string { return "resources: [../elasticsearch-tls/base]\n" + rest }
	write("one/kustomization.yaml", over("components: ["+tls+"]\n"))
	write("two/kustomization.yaml", over("components: ["+tls+", "+raise+"]\n"))
	write("turned/kustomization.yaml", over("components: ["+raise+", "+tls+"]\n"))
	write("left/kustomization.yaml", over("components: ["+tls+"]\nnamePrefix: left-\n"))
	write("right/kustomization.yaml", over("components: ["+tls+"]\nnamePrefix: right-\n"))
	write("twice/kustomization.yaml", "resources: [../left, ../right]\n")
	write("renamed/kustomization.yaml", over("namePrefix: new-\ncomponents: ["+tls+"]\n"))
	copyFolder("elasticsearch-tls/sidecars", "wider")
	rewrite("wider/sidecars.yaml", "  patterns:\n", "  patterns:\n    - exporter: {preset: elasticsearch}\n")
	write("new/kustomization.yaml", over("components: [../wider]\n"))
	copyFolder("elasticsearch-tls/sidecars", "both")
	write("both/raise.yaml", text(t, filepath.Join(dir, "raise-max-map-count/sidecars/sidecars.yaml")))
	rewrite("both/raise.yaml", "  name: search\n", "  name: raise\n")
	component := text(t, filepath.Join(dir, "both/kustomization.yaml"))
	rewrite("both/kustomization.yaml", "  - sidecars.yaml\n", "  - sidecars.yaml\n  - raise.yaml\n")
	write("several/kustomization.yaml", over("components: [../both]\n"))
	for name, n := range map[string]int{
		"one": 1, "two": 1, "turned": 1, "twice": 2, "renamed": 1, "new": 1, "several": 1,
	} {
		t.Run(name, func(t *testing.T) {
			out, err := build(name, "--enable-alpha-plugins", "--enable-exec")
			require.NoError(t, err, out)
			proxies := strings.Count(out, "- name: tls-proxy\n") + strings.Count(out, "name: tls-proxy\n        ports")
			require.Equal(t, n, proxies, out)
			require.NotContains(t, out, "kind: Guard")
			out, err = build(name, "--enable-alpha-plugins")
			require.Error(t, err, "a build without the sidecars went through")
			require.Contains(t, out, hasNotRun)
		})
	}

	guard, listed, found := strings.Cut(text(t, filepath.Join(dir, "elasticsearch-tls/sidecars/guard.yaml")), "---\n")
	require.True(t, found)
	signed := guard + "status:\n  'has not run: kustomize needs --enable-alpha-plugins --enable-exec': signed by search\n"
	t.Run("filled in", func(t *testing.T) {
		copyFolder("elasticsearch-tls/sidecars", "forged")
		exactly := guard + "\"outrigger " + hasNotRun + "\": it has left the Guard\n" // as the check writes it
		for _, guard := range []string{signed, strings.Replace(signed, "v1alpha1", "v1", 1), exactly} {
			write("forged/guard.yaml", guard+"---\n"+listed)
			write("filled/kustomization.yaml", over("components: [../forged]\n"))
			out, err := build("filled", "--enable-alpha-plugins", "--enable-exec")
			require.Error(t, err)
			require.Contains(t, out, "comes filled in")
			out, err = build("filled", "--enable-alpha-plugins")
			require.Error(t, err, "a filled guard was accepted")
			require.Contains(t, out, hasNotRun)
		}
	})
	t.Run("not listed", func(t *testing.T) {
		write("both/kustomization.yaml", strings.Replace(component, "resources:\n  - guard.yaml\n", "", 1))
		out, err := build("several", "--enable-alpha-plugins")
		require.Error(t, err, "the check passed without the guard")
		require.Contains(t, out, "GuardListed")
	})
	t.Run("of an author", func(t *testing.T) { // guards among the manifests
		for _, change := range []string{
			"name: outrigger\nname: outrigger",
			"name: outrigger\nname: outrigger, namespace: own",
			"name: outrigger\nname: other",
			`"true"` + "\n" + `"false"`,
		} {
			was, now, _ := strings.Cut(change, "\n")
			const block = "metadata:\n  name: outrigger\n  annotations:\n    config.kubernetes.io/local-config: \"true\"\n"
			const flow = "metadata: {name: outrigger, annotations: {config.kubernetes.io/local-config: \"true\"}}\n"
			guard := strings.Replace(signed, block, flow, 1)
			write("elasticsearch-tls/base/guard.yaml", strings.Replace(guard, was, now, 1))
			write("elasticsearch-tls/base/kustomization.yaml", "resources: [elasticsearch.yaml, guard.yaml]\n")
			out, err := build("one", "--enable-alpha-plugins")
			require.Error(t, err, "%s: %s", change, out)
			out, err = build("one", "--enable-alpha-plugins", "--enable-exec")
			if err == nil && os.Getenv(otherKustomize) != "" { // before 5, local-config objects of a base stay in it
				require.NotContains(t, now, "false")
				require.Contains(t, out, "        name: tls-proxy\n", "it has run")
				continue
			}
			require.Error(t, err, "%s: %s", change, out)
		}
	})
	t.Run("forged marker and skip", func(t *testing.T) {
		const file, metadata = "basic-auth/base/dashboard.yaml", "kind: Deployment\nmetadata:\n"
		const skip, marker = "outrigger.dev/skip: auth-proxy", ", outrigger.dev/patterns: auth-proxy"
		rewrite(file, metadata, metadata+"  annotations: {"+skip+marker+"}\n")
		write("skipped/kustomization.yaml", "resources: [../basic-auth/base]\ncomponents: ["+auth+"]\n")
		out, err := build("skipped", "--enable-alpha-plugins", "--enable-exec")
		require.Error(t, err)
		require.Contains(t, out, "claims this sidecar, but the workload doesn't have it")
		rewrite(file, marker, "")
		out, err = build("skipped", "--enable-alpha-plugins", "--enable-exec")
		require.Error(t, err)
		require.Contains(t, out, "0 of 1 selected workloads got every sidecar")
	})
}
