package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// A trouble is a folder with the example, in which something is wrong.
type trouble struct{ dir string }

// change replaces a text in a file.
func (f trouble) change(t *testing.T, name, old, new string) {
	t.Helper()
	path := filepath.Join(f.dir, name)
	require.Contains(t, text(t, path), old)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text(t, path), old, new)), 0o600))
}

// fail types a command, which must fail, and returns what it printed.
func (f trouble) fail(t *testing.T, command string) string {
	t.Helper()
	cmd := exec.Command("bash", "-c", "set -o pipefail; "+command)
	cmd.Dir = f.dir
	out, err := cmd.CombinedOutput()
	require.Error(t, err, "%s\n%s", command, out)
	return string(out)
}

// makePackage makes a kpt package of the example, with lines of a Kptfile.
func (f trouble) makePackage(t *testing.T, pipeline string) {
	t.Helper()
	name := filepath.Join(f.dir, "Kptfile")
	head := "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: search}\npipeline:\n"
	require.NoError(t, os.WriteFile(name, []byte(head+pipeline), 0o600))
	f.enter(t, "mkdir package && mv Kptfile base/elasticsearch.yaml sidecars/sidecars.yaml package")
}

func (f trouble) enter(t *testing.T, command string) { (&reader{f.dir}).enter(t, command) }

const (
	overlayBuild  = "kustomize build --enable-alpha-plugins --enable-exec overlay"
	functionLines = "  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: outrigger}\n"
	mutator       = "  mutators:\n    - exec: outrigger\n      configPath: sidecars.yaml\n"
	renderPackage = "kpt fn render --allow-exec --truncate-output=false package"
	// withoutOutrigger takes outrigger out of PATH, and keeps a program.
	withoutOutrigger = `mkdir only; ln -s "$(command -v %s)" only; PATH="$PWD/only:/usr/bin:/bin" %s`
)

// troubles make each message of docs/troubleshooting.md.
var troubles = map[string]func(t *testing.T, f trouble) string{
	"outrigger has not run": func(t *testing.T, f trouble) string {
		return f.fail(t, "kustomize build --enable-alpha-plugins overlay")
	},
	"external plugins disabled": func(t *testing.T, f trouble) string { return f.fail(t, "kustomize build overlay") },
	"unknown flag: --enable-exec": func(t *testing.T, f trouble) string {
		return f.fail(t, "kubectl kustomize --enable-alpha-plugins --enable-exec overlay")
	},
	"kustomize: executable file not found in $PATH": func(t *testing.T, f trouble) string {
		return f.fail(t, fmt.Sprintf(withoutOutrigger, "kustomize", overlayBuild))
	},
	"nothing selected by GuardListed": func(t *testing.T, f trouble) string {
		f.change(t, "sidecars/kustomization.yaml", "resources:\n  - guard.yaml\n", "")
		return f.fail(t, overlayBuild)
	},
	"unable to find plugin root": func(t *testing.T, f trouble) string {
		f.change(t, "sidecars/sidecars.yaml", functionLines, "")
		return f.fail(t, overlayBuild)
	},
	"expected file with Go object code": func(t *testing.T, f trouble) string {
		f.change(t, "sidecars/sidecars.yaml", functionLines, "")
		return f.fail(t, "mkdir plugins; KUSTOMIZE_PLUGIN_HOME=$PWD/plugins "+overlayBuild)
	},
	"validator shouldn't modify the resource map": func(t *testing.T, f trouble) string {
		f.change(t, "sidecars/kustomization.yaml", "transformers:", "validators:")
		f.change(t, "sidecars/kustomization.yaml", "  - guard-check.yaml\n", "")
		return f.fail(t, overlayBuild)
	},
	"there are no objects beside the document": func(t *testing.T, f trouble) string {
		f.change(t, "sidecars/kustomization.yaml", "transformers:\n", "generators:\n")
		f.change(t, "sidecars/kustomization.yaml", "  - guard-check.yaml\n", "")
		return f.fail(t, overlayBuild)
	},
	"may not add resource with an already registered id": func(t *testing.T, f trouble) string {
		f.enter(t, "cd sidecars; cp sidecars.yaml more.yaml; (echo ---; cat more.yaml) >> sidecars.yaml")
		return f.fail(t, overlayBuild)
	},
	"selects no workload": func(t *testing.T, f trouble) string {
		f.change(t, "sidecars/sidecars.yaml", "name: elasticsearch\n", "name: elastic\n")
		return f.fail(t, overlayBuild)
	},
	"unable to load external plugin 'Sidecars'": func(t *testing.T, f trouble) string {
		if _, err := exec.LookPath("kubectl"); err == nil { // which fails before it asks a cluster
			require.Contains(t, f.fail(t, "kubectl apply -k overlay"), "unable to load external plugin 'Sidecars'")
		}
		_, err := buildAsFlux(filepath.Join(f.dir, "overlay"))
		require.Error(t, err)
		return err.Error()
	},
	"testing value": func(t *testing.T, f trouble) string {
		f.eject(t)
		f.change(t, "base/elasticsearch.yaml", "      containers:\n", "      hostNetwork: true\n      containers:\n")
		return f.fail(t, "kustomize build overlay")
	},
	"failed to find unique target for patch": func(t *testing.T, f trouble) string {
		f.eject(t)
		f.change(t, "base/elasticsearch.yaml", "  name: elasticsearch\n", "  name: search\n")
		return f.fail(t, "kustomize build overlay")
	},
	"must run with": func(t *testing.T, f trouble) string {
		f.makePackage(t, mutator)
		return f.fail(t, strings.Replace(renderPackage, "--allow-exec", "", 1))
	},
	"kpt: executable file not found in $PATH": func(t *testing.T, f trouble) string {
		f.makePackage(t, mutator)
		return f.fail(t, fmt.Sprintf(withoutOutrigger, "kpt", renderPackage))
	},
	"docker client version must be": func(t *testing.T, f trouble) string {
		f.makePackage(t, strings.Replace(mutator, "exec: outrigger", "image: example.com/outrigger", 1))
		f.enter(t, `mkdir old; printf '#!/bin/sh\necho 4.3.1\n' >old/docker; chmod +x old/docker`) // podman's version
		return f.fail(t, "PATH=$PWD/old:$PATH "+renderPackage)
	},
	"kpt-selection": func(t *testing.T, f trouble) string {
		f.makePackage(t, mutator+"      selectors: [{kind: Deployment}]\n")
		return f.fail(t, renderPackage)
	},
	"kpt-validator": func(t *testing.T, f trouble) string {
		f.makePackage(t, strings.Replace(mutator, "mutators", "validators", 1))
		return f.fail(t, renderPackage)
	},
	"was changed by hand since outrigger wrote it": func(t *testing.T, f trouble) string {
		f.makePackage(t, mutator)
		f.enter(t, renderPackage+"; sed -i 's/memory: 128Mi/memory: 256Mi/' package/elasticsearch.yaml")
		return f.fail(t, renderPackage)
	},
	"standard input is empty": func(t *testing.T, f trouble) string {
		return f.fail(t, "kustomize build nowhere | outrigger inject -c sidecars/sidecars.yaml")
	},
	"no Sidecars document is given": func(t *testing.T, f trouble) string { return f.fail(t, "outrigger inject base") },
	"has a record of what was added": func(t *testing.T, f trouble) string {
		f.enter(t, "outrigger inject -c sidecars/sidecars.yaml -w base")
		return f.fail(t, "kustomize build base | outrigger inject -c sidecars/sidecars.yaml")
	},
	"name-hashed": func(t *testing.T, f trouble) string {
		f.change(t, "base/kustomization.yaml", "resources:\n", "secretGenerator:\n  - name: elasticsearch-tls\n"+
			"    literals: [tls.crt=a, tls.key=b]\nresources:\n")
		return f.fail(t, "kustomize build base | outrigger inject --warnings=error -c sidecars/sidecars.yaml")
	},
	"documents-apart": func(t *testing.T, f trouble) string {
		f.enter(t, "sed '/tlsProxy/,$d; s/name: search/name: metrics/' sidecars/sidecars.yaml > metrics.yaml; "+
			"echo '    - exporter: {preset: elasticsearch}' >> metrics.yaml")
		const pipe = "kustomize build base | outrigger inject -c sidecars/sidecars.yaml"
		return f.fail(t, pipe+" | outrigger inject -c metrics.yaml")
	},
	// An API server says so; e2e/oracle asks its plugin.
	"comes without its sidecars": func(t *testing.T, f trouble) string {
		return f.fail(t, "outrigger policy -c sidecars/sidecars.yaml base; false")
	},
}

// eject replaces the document's Component by an ejected one.
func (f trouble) eject(t *testing.T) {
	t.Helper()
	f.enter(t, "kustomize build base | outrigger eject -q -c sidecars/sidecars.yaml -o ejected")
	f.change(t, "overlay/kustomization.yaml", "../sidecars", "../ejected")
	f.enter(t, "kustomize build overlay | grep -q tls-proxy")
}

// buildAsFlux builds with the settings of Flux (github.com/fluxcd/pkg, kustomize.Build).
func buildAsFlux(dir string) (resmap.ResMap, error) {
	return krusty.MakeKustomizer(&krusty.Options{
		LoadRestrictions: types.LoadRestrictionsNone, PluginConfig: types.DisabledPluginConfig(),
	}).Run(filesys.MakeFsOnDisk(), dir)
}

// silences make what goes wrong without a message, by what the page says of it. Each returns what is rendered.
var silences = map[string]func(t *testing.T, f trouble) string{
	"the flag `--enable-exec` is missing": func(t *testing.T, f trouble) string {
		f.change(t, "sidecars/kustomization.yaml", "  - guard-check.yaml\n", "")
		f.change(t, "sidecars/kustomization.yaml", "resources:\n  - guard.yaml\n", "")
		return (&reader{f.dir}).enter(t, "kustomize build --enable-alpha-plugins overlay")
	},
	"no kustomization lists the document": func(t *testing.T, f trouble) string {
		f.change(t, "overlay/kustomization.yaml", "components:\n  - ../sidecars\n", "")
		return (&reader{f.dir}).enter(t, overlayBuild)
	},
	"the document is listed in `resources:`": func(t *testing.T, f trouble) string {
		f.change(t, "sidecars/kustomization.yaml", "  - guard-check.yaml\n", "")
		f.change(t, "sidecars/kustomization.yaml", "  - guard.yaml\ntransformers:\n", "")
		rendered := (&reader{f.dir}).enter(t, overlayBuild)
		require.Contains(t, rendered, "kind: Sidecars\n")
		return rendered
	},
	"the Kptfile doesn't name it": func(t *testing.T, f trouble) string {
		f.makePackage(t, "  mutators: []\n")
		f.enter(t, renderPackage)
		return text(t, filepath.Join(f.dir, "package", "elasticsearch.yaml"))
	},
}

// Where the page says that nothing is said, nothing is: these commands end well, without sidecars.
func TestSilentTroubles(t *testing.T) {
	page := text(t, "../../docs/troubleshooting.md")
	require.Equal(t, len(silences), strings.Count(page, "| *nothing is said:* "))
	for name, render := range silences {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, page, name)
			rendered := render(t, newTrouble(t))
			require.Contains(t, rendered, "kind: Deployment\n")
			require.NotContains(t, rendered, "initContainers:")
			require.NotContains(t, rendered, "outrigger.dev/patterns")
		})
	}
}

// What a report says of workloads without a sidecar, the page explains.
func TestReportedTroubles(t *testing.T) {
	page := text(t, "../../docs/troubleshooting.md")
	f := newTrouble(t)
	f.change(t, "sidecars/sidecars.yaml", "  patterns:\n", "  expect: {min: 0}\n  patterns:\n")
	f.enter(t, "sed 's/name: elasticsearch$/name: other/' base/elasticsearch.yaml >other.yaml")
	const run = "outrigger inject -c sidecars/sidecars.yaml base other.yaml 2>&1 >/dev/null"
	require.Contains(t, page, "| *the report doesn't name the workload:* ")
	require.NotContains(t, (&reader{f.dir}).enter(t, run), "Deployment other")
	f.change(t, "base/elasticsearch.yaml", "kind: Deployment\nmetadata:\n",
		"kind: Deployment\nmetadata:\n  annotations: {outrigger.dev/skip: tls-proxy}\n")
	require.Contains(t, page, "| *the report says* `skipped`: ")
	require.Contains(t, (&reader{f.dir}).enter(t, run), "skipped")
}

// newTrouble copies the example.
func newTrouble(t *testing.T) trouble {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUSTOMIZE_PLUGIN_HOME", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	f := trouble{t.TempDir()}
	require.NoError(t, os.CopyFS(f.dir, os.DirFS("../../examples/elasticsearch-tls")))
	return f
}

// elsewhere are the sections whose messages other tests make: TestTroubleshooting of e2e/argocd, and, as Helm isn't
// built here, TestHelmTroubles of e2e/runners.
var elsewhere = []string{"Argo CD", "Helm"}

// What docs/troubleshooting.md says of messages is what the programs print.
func TestTroubleshooting(t *testing.T) {
	var page string
	for section := range strings.SplitSeq(text(t, "../../docs/troubleshooting.md"), "\n## ") {
		if title, _, _ := strings.Cut(section, "\n"); !slices.Contains(elsewhere, title) {
			page += section
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ").FindAllStringSubmatch(page, -1)
	require.Len(t, rows, len(troubles))
	for name, fail := range troubles {
		t.Run(name, func(t *testing.T) {
			message := strings.TrimPrefix(strings.TrimPrefix(name, "kpt: "), "kustomize: ")
			require.Contains(t, page, "\n| `"+message+"` | ")
			if _, err := exec.LookPath("kubectl"); err != nil && strings.HasPrefix(name, "unknown flag") {
				fmt.Fprintf(os.Stderr, "%s: NOT TESTED: kubectl isn't in PATH\n", t.Name())
				t.Skip("kubectl isn't in PATH")
			}
			require.Contains(t, fail(t, newTrouble(t)), message)
		})
	}
}
