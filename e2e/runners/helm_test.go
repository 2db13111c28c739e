//go:build runners

package runners

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/program"
)

// helms are what is asked of both Helms, with the chart of examples/helm.
var helms = &table{title: "Helm", columns: []string{"helm3", "helm4"}}

func init() { tables = append(tables, helms) }

// A release is a folder with a copy of examples/helm, and a Helm that has nothing but outrigger, and no cluster.
type release struct {
	helm, dir string
	args      string // of the post-renderer
}

func newRelease(t *testing.T, helm string) release {
	t.Helper()
	r := release{helm: helm, dir: filepath.Join(t.TempDir(), "shop")}
	require.NoError(t, os.CopyFS(r.dir, os.DirFS(filepath.Join(root, "examples/helm"))))
	require.NoError(t, os.RemoveAll(filepath.Join(r.dir, "outrigger/outrigger")))
	r.args = " --post-renderer outrigger --post-renderer-args --config=sidecars.yaml "
	if helm == "helm3" {
		r.args += "--post-renderer-args inject "
	} else {
		r.enter(t, "outrigger install outrigger && helm plugin install outrigger")
	}
	return r
}

// run types commands, in which helm is this Helm.
func (r release) run(t *testing.T, commands string) program.Result {
	t.Helper()
	above := filepath.Dir(r.dir)
	bin := filepath.Join(above, "bin")
	if !isFile(bin) {
		require.NoError(t, os.Mkdir(bin, 0o755))
		require.NoError(t, os.Symlink(filepath.Join(root, "bin", r.helm), filepath.Join(bin, "helm")))
	}
	return program.Run(t, "", "env", "-C", r.dir, "PATH="+bin+":"+os.Getenv("PATH"), "KUBECONFIG=/nowhere",
		"HELM_DATA_HOME="+above+"/data", "HELM_CACHE_HOME="+above+"/cache", "HELM_CONFIG_HOME="+above+"/config",
		"bash", "-ec", commands)
}

// enter types commands, which must work, and returns their output.
func (r release) enter(t *testing.T, commands string) string {
	t.Helper()
	got := r.run(t, commands)
	require.Zero(t, got.Code, "%s\n%s", commands, got.Stderr)
	return got.Stdout
}

// refuse types commands, which must fail without a manifest, and returns what is said.
func (r release) refuse(t *testing.T, commands string) string {
	t.Helper()
	got := r.run(t, commands)
	require.NotZero(t, got.Code, commands)
	require.Empty(t, strings.TrimSpace(got.Stdout))
	return got.Stderr
}

const installs = "notes, hooks and manifest of an install"

// TestHelm asks each Helm what the documents say of it.
func TestHelm(t *testing.T) {
	t.Parallel()
	helms.skip(installs, "make e2e-cluster asks it", "helm3")
	for _, helm := range helms.columns {
		for name, check := range map[string]func(t *testing.T, r release){
			"every object, in its place": checkObjects, "hooks alone, no objects": checkNoMatch,
			"warnings are errors": checkWarnings, "template --output-dir": checkOutputDir,
			installs: checkInstall, "a package of the plugin": checkPackage, "a migration as a hook": checkMigration,
			"what init writes": checkInit,
		} {
			if name == installs && helm == "helm3" {
				continue // it asks a cluster, even for a dry run
			}
			helms.addRow(name)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				helms.check(t, name, helm, "", func(t *testing.T) { check(t, newRelease(t, helm)) })
			})
		}
	}
}

// checkObjects checks that Helm's output has the objects that outrigger makes of Helm's own output, field by field,
// and that those of the chart keep the lines that name their templates.
func checkObjects(t *testing.T, r release) {
	t.Helper()
	plain, out := r.enter(t, "helm template shop search"), r.enter(t, "helm template shop search"+r.args)
	want := r.enter(t, "outrigger run -q -c sidecars.yaml -- helm template shop search")
	require.Equal(t, objects(t, want), objects(t, out))
	require.Len(t, objects(t, out), 5) // Deployment, Service, ConfigMap, and the hooks: Job and Pod
	before, after := objects(t, plain), objects(t, out)
	require.Equal(t, before["Job shop-ready"], after["Job shop-ready"])
	require.Equal(t, before["Pod shop-health"], after["Pod shop-health"])
	require.NotEqual(t, before["Deployment shop-search"], after["Deployment shop-search"])
	for _, template := range []string{"deployment", "service", "ready", "tests/health"} {
		source := "---\n# Source: search/templates/" + template + ".yaml\n"
		require.Contains(t, plain, source)
		require.Contains(t, out, source)
	}
	require.NotContains(t, out, "postrenderer.helm.sh/")
}

// checkInit checks that what init writes for a chart works at once, with its own plugin in Helm 4.
func checkInit(t *testing.T, r release) {
	t.Helper()
	r.enter(t, templateShop+" | outrigger init helm --kind Deployment mine && rm sidecars.yaml")
	if r.helm == "helm4" {
		r.enter(t, "helm plugin uninstall outrigger && rm -r outrigger")
		r.enter(t, "outrigger install mine/outrigger && helm plugin install mine/outrigger")
	}
	args := strings.Replace(r.args, "--config=", "--config=mine/", 1)
	require.Contains(t, r.enter(t, templateShop+args), "name: tls-proxy\n")
}

// objects are those of a stream, as JSON, by kind and name.
func objects(t *testing.T, stream string) map[string]string {
	t.Helper()
	all := map[string]string{}
	nodes, err := kio.FromBytes([]byte(stream))
	require.NoError(t, err)
	for _, node := range nodes {
		text, err := yaml.Parse(node.MustString())
		require.NoError(t, err)
		json, err := text.MarshalJSON()
		require.NoError(t, err)
		all[node.GetKind()+" "+node.GetName()] = string(json)
	}
	require.Len(t, all, len(nodes))
	return all
}

// checkNoMatch checks charts in which nothing can be selected: an error, unless --no-match=ok allows just that.
func checkNoMatch(t *testing.T, r release) {
	t.Helper()
	const allowed = "--post-renderer-args --no-match=ok"
	r.enter(t, `for name in hooks none other; do
  mkdir -p $name/templates; cp search/values.yaml $name
  sed "s/^name: .*/name: $name/" search/Chart.yaml >$name/Chart.yaml
done
cp search/templates/ready.yaml hooks/templates; cp search/templates/service.yaml other/templates
echo '{{ if .Values.none }}a: b{{ end }}' >none/templates/none.yaml`)
	for chart, words := range map[string]string{"hooks": "nothing-selected|no-input", "none": "no-input"} {
		command := "helm template shop " + chart
		require.Regexp(t, words, r.refuse(t, command+r.args))
		require.Equal(t, objects(t, r.enter(t, command)), objects(t, r.enter(t, command+r.args+allowed)))
	}
	require.Len(t, objects(t, r.enter(t, "helm template shop hooks"+r.args+allowed)), 1)
	require.Contains(t, r.refuse(t, "helm template shop other"+r.args+allowed), "selects no workload")
}

// checkWarnings checks that warnings are hidden, and aren't as errors. The plugin of Helm 4 makes them errors.
func checkWarnings(t *testing.T, r release) {
	t.Helper()
	r.enter(t, "sed -i 's,httpGet:.*,tcpSocket: {port: http},' search/templates/deployment.yaml")
	const command, code = "helm template shop search", "probe-sees-proxy"
	hidden := r.run(t, command+r.args+"--post-renderer-args --warnings=warning")
	require.Zero(t, hidden.Code)
	require.NotContains(t, hidden.Stderr, code)
	if r.helm == "helm3" {
		require.Zero(t, r.run(t, command+r.args).Code)
		r.args += "--post-renderer-args --warnings=error"
	}
	require.Contains(t, r.refuse(t, command+r.args), "error["+code+"]")
}

// checkOutputDir checks that files have sidecars, or, with Helm 3, that they have none, as the documents say.
func checkOutputDir(t *testing.T, r release) {
	t.Helper()
	const command, find = "helm template shop search --output-dir out", "cat out/search/templates/deployment.yaml"
	if r.helm == "helm4" {
		r.enter(t, command+r.args)
		require.Contains(t, r.enter(t, find), "name: tls-proxy\n")
		return
	}
	require.NotZero(t, r.run(t, command+r.args).Code)
	require.NotContains(t, r.enter(t, find), "tls-proxy")
	r.enter(t, command+r.args+"--post-renderer-args --no-match=ok")
	require.NotContains(t, r.enter(t, find), "tls-proxy")
}

// checkInstall checks what an install would do.
func checkInstall(t *testing.T, r release) {
	t.Helper()
	const command = "helm install shop search --dry-run=client"
	out := r.enter(t, command+r.args)
	hooks, manifest, found := strings.Cut(out, "\nMANIFEST:\n")
	require.True(t, found)
	require.Contains(t, hooks, "\nHOOKS:\n")
	require.Contains(t, hooks, "# Source: search/templates/ready.yaml\n")
	require.Contains(t, manifest, "name: tls-proxy\n")
	require.NotContains(t, manifest, "shop-ready")
	require.Contains(t, out, "\nNOTES:\nElasticsearch is at https://shop-search:9200.\n")
	said := r.refuse(t, "sed -i s/name=search/name=nothing/ sidecars.yaml; "+command+r.args)
	require.Contains(t, said, "INSTALLATION FAILED")
	require.Contains(t, said, "selects no workload\n    hint: there is Deployment shop-search")
}

// checkMigration checks that a Job that outrigger adds as a hook is one for Helm 4, and not for Helm 3, which has taken
// the hooks out of the manifests before.
func checkMigration(t *testing.T, r release) {
	t.Helper()
	r.enter(t, "echo '    - migrate: {mode: job, args: [migrate], hook: helm}' >>sidecars.yaml")
	const hook = "    helm.sh/hook: pre-install,pre-upgrade\n"
	require.Contains(t, r.enter(t, "helm template shop search"+r.args), hook)
	if without := r.enter(t, "helm template shop search --no-hooks"+r.args); r.helm == "helm3" {
		require.Contains(t, without, hook)
	} else {
		require.NotContains(t, without, hook)
	}
}

// checkPackage checks that a package of the plugin does what its folder does. Helm 3 has no plugins of this type.
func checkPackage(t *testing.T, r release) {
	t.Helper()
	if r.helm == "helm3" {
		r.enter(t, "outrigger install outrigger && helm plugin install outrigger || true")
		require.Contains(t, r.run(t, "helm plugin list").Stderr, "failed to load plugins")
		return
	}
	want := r.enter(t, "helm template shop search"+r.args)
	r.enter(t, `helm plugin uninstall outrigger; helm plugin package --sign=false outrigger; rm -r outrigger
helm plugin install --verify=false outrigger-0.1.0.tgz`)
	require.Equal(t, want, r.enter(t, "helm template shop search"+r.args))
}
