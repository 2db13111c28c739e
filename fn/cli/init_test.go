package cli

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

const shopApp = `# our shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: registry.example.com/shop:1
          ports: [{name: http, containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: http}]}
`

const shopKustomization = "# ours\nkind: Kustomization\nresources:\n- shop.yaml\n"

// contents returns the texts of all files below a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			all[filepath.ToSlash(name)] = text(t, path)
		}
		return err
	}))
	return all
}

// renderers render a folder as what init prints says, with the real programs.
var renderers = map[string]func(t *testing.T, dir string) string{
	"kustomize": kustomize,
	"flux": func(t *testing.T, dir string) string {
		t.Helper()
		return output(t, dir, "kustomize", "build", ".")
	},
	"kpt": func(t *testing.T, dir string) string {
		t.Helper()
		output(t, dir, "kpt", "fn", "render", "--allow-exec", ".")
		return text(t, filepath.Join(dir, "shop.yaml"))
	},
	"argocd": func(t *testing.T, dir string) string {
		t.Helper()
		var plugin struct {
			Spec struct {
				Generate struct{ Command, Args []string }
			}
		}
		require.NoError(t, yaml.Unmarshal([]byte(text(t, filepath.Join(dir, "plugin.yaml"))), &plugin))
		words := append(plugin.Spec.Generate.Command, plugin.Spec.Generate.Args...)
		return output(t, dir, words[0], words[1:]...)
	},
}

func output(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s (make bin/kustomize bin/kpt builds both)", name, &stderr)
	return string(out)
}

// What init writes works at once: the pipeline's own program renders it with the sidecar, from manifests alone and
// where the pipeline's file is there already. A second run finds nothing to do.
func TestInit(t *testing.T) {
	require.Len(t, renderers, len(pipelines)-1, "TestInitHelm, and e2e/runners with the real Helm")
	there := map[string]map[string]string{
		"manifests": {"shop.yaml": shopApp},
		"its file":  {"shop.yaml": shopApp, "kustomization.yaml": shopKustomization, "Kptfile": kptfile},
	}
	for name, render := range renderers {
		for form, all := range there {
			t.Run(name+"/"+form, func(t *testing.T) {
				dir := folder(t, all)
				code, out, err := call("", "init", name, dir)
				require.Equal(t, exitDone, code, err)
				require.Contains(t, err, "check secretName: the Secret with tls.crt and tls.key")
				made := contents(t, dir)
				for _, path := range strings.Fields(out) {
					require.FileExists(t, path)
				}
				document := filepath.Join(dir, "sidecars.yaml")
				if _, ok := made["sidecars.yaml"]; !ok {
					document = filepath.Join(dir, "sidecars/sidecars.yaml")
				}
				head, _, _ := strings.Cut(text(t, document), "\n")
				schema, ok := strings.CutPrefix(head, "# yaml-language-server: $schema=")
				require.True(t, ok, head)
				require.Equal(t, string(config.Schema()), text(t, filepath.Join(filepath.Dir(document), schema)))

				code, out, err = call("", "init", name, dir)
				require.Equal(t, exitDone, code, err)
				require.Empty(t, out)
				require.Equal(t, made, contents(t, dir))
				require.Contains(t, render(t, dir), "name: tls-proxy\n")
			})
		}
	}
}

const kptfile = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: shop\n" +
	"info:\n  description: ours # all of it\n"

// A line is added to the files of a person, and nothing else is changed.
func TestInitAddsLines(t *testing.T) {
	dir := folder(t, map[string]string{"shop.yaml": shopApp, "kustomization.yaml": shopKustomization,
		"Kptfile": kptfile})
	require.NoError(t, os.Chmod(filepath.Join(dir, "kustomization.yaml"), 0o600))
	for _, name := range []string{"kustomize", "kpt"} {
		code, _, err := call("", "init", name, dir)
		require.Equal(t, exitDone, code, err)
	}
	all := contents(t, dir)
	require.Equal(t, shopKustomization+"components:\n  - sidecars\n", all["kustomization.yaml"])
	require.Equal(t, kptfile+"pipeline:\n  mutators:\n    - exec: outrigger\n      configPath: sidecars.yaml\n",
		all["Kptfile"])
	require.Equal(t, shopApp, all["shop.yaml"])
	info, err := os.Stat(filepath.Join(dir, "kustomization.yaml"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// The guard that init writes makes a build fail that skips the function.
func TestInitGuards(t *testing.T) {
	dir := folder(t, map[string]string{"shop.yaml": shopApp})
	code, _, err := call("", "init", "kustomize", dir)
	require.Equal(t, exitDone, code, err)
	guarded(t, dir)
}

// Every pattern can be begun with, in the kind of workload that it's for.
func TestInitPatterns(t *testing.T) {
	app := strings.Replace(shopApp, "          ports:", "          volumeMounts: [{name: data, mountPath: /data}]\n"+
		"          ports:", 1)
	app = strings.Replace(app, "      containers:", "      volumes: [{name: data, configMap: {name: shop}}]\n"+
		"      containers:", 1)
	for _, pattern := range config.PatternKeys() {
		app := app
		switch pattern {
		case "exporter":
			app = strings.NewReplacer("/shop:1", "/redis:7", "8080", "6379").Replace(app)
		case "permissions":
			app = strings.ReplaceAll(app, "configMap: {name: shop}", "persistentVolumeClaim: {claimName: shop}")
		}
		dir := folder(t, map[string]string{"shop.yaml": app})
		code, _, err := call("", "init", "kustomize", "--pattern", pattern, dir)
		require.Equal(t, exitDone, code, "%s: %s", pattern, err)
		require.NotEqual(t, app, kustomize(t, dir))
	}
}

// init works in the base of every example, whatever its kustomization has, for the first workload in it.
func TestInitExamples(t *testing.T) {
	bases, err := filepath.Glob("../../examples/*/base")
	require.NoError(t, err)
	require.Greater(t, len(bases), 20)
	for _, base := range bases {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(base)))
		args := []string{"init", "kustomize", "--pattern", "waitFor", dir}
		code, _, err := call("", args...)
		if _, list, several := strings.Cut(err, "choose it with --kind and --name: "); several {
			first, _, _ := strings.Cut(strings.TrimSpace(list), ", ")
			kind, name, _ := strings.Cut(first, " ")
			code, _, err = call("", append(args, "--kind", kind, "--name", name)...)
		}
		require.Equal(t, exitDone, code, "%s: %s", base, err)
		require.Contains(t, kustomize(t, dir), "name: wait-for\n", base)
	}
}

// The header of what init has ejected is the command that makes it again.
func TestInitEjects(t *testing.T) {
	dir := folder(t, map[string]string{"base/shop.yaml": shopApp})
	t.Chdir(dir)
	code, _, err := call("", "init", "flux", "base")
	require.Equal(t, exitDone, code, err)
	head, _, _ := strings.Cut(text(t, "base/sidecars/ejected/kustomization.yaml"), "\n")
	command, ok := strings.CutPrefix(head, "# Written by: outrigger ")
	require.True(t, ok, head)
	code, out, err := call("", append(strings.Fields(command), "--check")...)
	require.Equal(t, exitDone, code, "%s%s", out, err)
}

// Nothing is written where init can't do all of it, and the message says how out.
func TestInitRefuses(t *testing.T) {
	two := shopApp + "---\n" + strings.ReplaceAll(shopApp, "shop", "till")
	noPort := strings.ReplaceAll(shopApp, "          ports: [{name: http, containerPort: 8080}]\n", "")
	for name, c := range map[string]struct {
		line string
		all  map[string]string
		code int
		want string
	}{
		"two workloads": {"kpt .", map[string]string{"a.yaml": two}, exitFailed,
			"choose it with --kind and --name: Deployment shop, Deployment till"},
		"another name": {"kpt --name shup .", map[string]string{"a.yaml": shopApp}, exitFailed, "there is Deployment shop"},
		"no workload": {"kpt .", map[string]string{"a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"},
			exitFailed, "has no workload"},
		"no port":    {"kpt .", map[string]string{"a.yaml": noPort}, exitFailed, "its first container declares no port"},
		"no folder":  {"kpt b", map[string]string{"a.yaml": shopApp}, exitFailed, "no such file or directory"},
		"a file":     {"kpt a.yaml", map[string]string{"a.yaml": shopApp}, exitFailed, "isn't a folder"},
		"no YAML":    {"kpt .", map[string]string{"a.yaml": "a: {"}, exitFailed, "a.yaml"},
		"no pattern": {"kpt --pattern tlsproxy", map[string]string{"a.yaml": shopApp}, exitMisuse, "did you mean tlsProxy"},
		"no runner":  {"kustomise .", map[string]string{"a.yaml": shopApp}, exitMisuse, "did you mean kustomize"},
		"nothing":    {"", map[string]string{"a.yaml": shopApp}, exitMisuse, "no pipeline is given"},
		"a document of somebody": {"kustomize .", map[string]string{"a.yaml": shopApp, "sidecars/sidecars.yaml": sidecars},
			exitFailed, "is there already, with another content"},
		"a list in brackets": {"kustomize .", map[string]string{"a.yaml": shopApp,
			"kustomization.yaml": "resources: [a.yaml]\ncomponents: [b]\n", "b/kustomization.yaml": "kind: Component\n"},
			exitFailed, "add sidecars to components"},
		"mutators in brackets": {"kpt .", map[string]string{"a.yaml": shopApp, "Kptfile": kptfile + "pipeline: {}\n"},
			exitFailed, "add {exec: outrigger, configPath: sidecars.yaml} to pipeline.mutators"},
		"a kustomization below": {"kustomize .", map[string]string{"b/a.yaml": shopApp,
			"b/kustomization.yaml": "resources: [a.yaml]\n"}, exitFailed, "name the folder whose kustomization is built"},
		"a base that is generated": {"flux .", map[string]string{"a.yaml": shopApp,
			"kustomization.yaml": "resources: [a.yaml]\nnamePrefix: prod-\n"}, exitFailed, "give that to outrigger eject"},
		"a base elsewhere": {"flux .", map[string]string{"a.yaml": shopApp,
			"kustomization.yaml": "resources: [a.yaml, ../other]\n"}, exitFailed, "../other isn't a file of the folder"},
		"a manifest where init writes": {"kustomize .", map[string]string{"a.yaml": shopApp,
			"sidecars/b.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n"},
			exitFailed, "sidecars/b.yaml wouldn't be built"},
		"a workload that the pattern isn't for": {"kustomize --pattern exporter .", map[string]string{"a.yaml": shopApp},
			exitFailed, "no preset of exporter is for the image"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, c.all)
			t.Chdir(dir)
			code, out, err := call("", append([]string{"init"}, strings.Fields(c.line)...)...)
			require.Equal(t, c.code, code, err)
			require.Empty(t, out)
			require.Contains(t, err, c.want)
			require.Equal(t, c.all, contents(t, dir))
		})
	}
}

// A folder that can't be written to is left as it was: also the files that came before.
func TestInitUndoes(t *testing.T) {
	dir := folder(t, map[string]string{"shop.yaml": shopApp})
	p := &plan{}
	p.addFile(filepath.Join(dir, "a/b/one.yaml"), "a: 1\n")
	p.addFile(filepath.Join(dir, "shop.yaml/two.yaml"), "a: 2\n")
	_, err := p.writeAll()
	require.Error(t, err)
	p = &plan{}
	p.addFile(filepath.Join(dir, "a/b/one.yaml"), "a: 1\n")
	p.changeFile(filepath.Join(dir, "shop.yaml"), shopApp, "changed: true\n")
	p.addFile("/proc/outrigger/three.yaml", "a: 3\n") // nobody can make a folder there
	_, err = p.writeAll()
	require.Error(t, err)
	require.Equal(t, map[string]string{"shop.yaml": shopApp}, contents(t, dir))
	require.NoDirExists(t, filepath.Join(dir, "a"))
}

// Nothing is written to where a link leads, and no link is replaced.
func TestInitRefusesLinks(t *testing.T) {
	for name, c := range map[string]struct{ line, link, want string }{
		"kustomize":     {"kustomize .", "sidecars", "sidecars is a link"},
		"flux":          {"flux .", "sidecars", "sidecars is a link"},
		"helm":          {"helm .", "outrigger", "outrigger is a link"},
		"a broken link": {"helm .", "sidecars.yaml", "sidecars.yaml is a link"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, elsewhere := folder(t, map[string]string{"shop.yaml": shopApp}), t.TempDir()
			if strings.HasSuffix(c.link, ".yaml") {
				elsewhere = filepath.Join(elsewhere, "none")
			}
			t.Chdir(dir)
			require.NoError(t, os.Symlink(elsewhere, c.link))
			code, out, err := call(shopApp, append([]string{"init"}, strings.Fields(c.line)...)...)
			require.Equal(t, exitFailed, code, err)
			require.Empty(t, out)
			require.Contains(t, err, c.want)
			to, failure := os.Readlink(c.link)
			require.NoError(t, failure)
			require.Equal(t, elsewhere, to)
			left, _ := os.ReadDir(elsewhere)
			require.Empty(t, left)
			all, failure := os.ReadDir(".")
			require.NoError(t, failure)
			require.Len(t, all, 2)
		})
	}
}

// A chart's manifests come on standard input. What its name begins with isn't known, so the document selects by labels.
// The real Helm is in e2e/runners.
func TestInitHelm(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	code, out, err := call(shopApp, "init", "helm", dir)
	require.Equal(t, exitDone, code, err)
	require.Equal(t, []string{dir + "/sidecars.yaml", dir + "/sidecars.schema.json", dir + "/outrigger/plugin.yaml"},
		strings.Fields(out))
	require.Contains(t, text(t, dir+"/sidecars.yaml"), "podSelector: app=shop ")
	release := strings.ReplaceAll(shopApp, "name: shop\nspec", "name: release-shop\nspec")
	code, out, err = call(release, "inject", "-c", dir+"/sidecars.yaml")
	require.Equal(t, exitDone, code, err)
	require.Contains(t, out, "name: tls-proxy\n")

	code, _, err = call("", "init", "helm", t.TempDir())
	require.Equal(t, exitFailed, code)
	require.Contains(t, err, "standard input is empty\n  hint: pipe what is rendered into it: helm template ")
	code, _, err = call("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", "init", "helm", t.TempDir())
	require.Equal(t, exitFailed, code)
	require.Contains(t, err, "standard input has no workload")
}

// The plugins are those of the examples.
func TestInitPlugin(t *testing.T) {
	require.Equal(t, text(t, "../../examples/helm/outrigger/plugin.yaml"), helmPlugin)
	require.Equal(t, text(t, "../../examples/argocd/plugin.yaml"), argocdPlugin)
}

// The plugin that init writes is the one of the example, which real Helms run.
func TestInitPluginIsTheExamples(t *testing.T) {
	require.Equal(t, text(t, "../../examples/helm/outrigger/plugin.yaml"), helmPlugin)
}
