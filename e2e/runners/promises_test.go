//go:build runners

package runners

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/program"
)

// promises is what each runner keeps: it adds the sidecars, gives no manifest where anything is wrong, and shows its
// user why.
var promises = &table{title: "runner", columns: []string{works, failsClosed, errorShown}}

const (
	works       = "works"
	failsClosed = "fails closed"
	errorShown  = "error text reaches the user"
)

func init() { tables = append(tables, promises) }

// A runner is a command that is typed in a folder with the example, in the form that it needs. What it makes is its
// standard output, or the files in a folder.
type runner struct {
	name, command string
	form          int    // of the example
	program       string // that no target makes, and that may be missing
	prepare       string // a command before it
	made          string // a folder that it changes; "": its standard output is the result
	without       string // takes outrigger out of its way; "" takes it out of PATH
}

const (
	toPackage = `mkdir package && cp base/elasticsearch.yaml sidecars/sidecars.yaml package && cat >package/Kptfile <<'END'
apiVersion: kpt.dev/v1
kind: Kptfile
metadata: {name: search}
pipeline: {mutators: [{exec: outrigger, configPath: sidecars.yaml}]}
END`
	toEject = "mkdir plain && printf 'resources: [../base]\ncomponents: [../ejected]\n' >plain/kustomization.yaml"
	toHelm  = "cp -r \"$ROOT/examples/helm\" . && cp helm/sidecars.yaml sidecars/"
	toHelm4 = toHelm + " && outrigger install helm/outrigger >/dev/null && helm4 plugin install helm/outrigger >/dev/null"

	noImage  = "sed -i 's,image: .*,image: localhost/missing:1},' sidecars/sidecars.yaml"
	noPlugin = "mkdir empty && export KUSTOMIZE_PLUGIN_HOME=$PWD/empty"
	noHelm4  = "helm4 plugin uninstall outrigger >/dev/null"

	helm3Args = " --post-renderer outrigger --post-renderer-args inject --post-renderer-args -csidecars/sidecars.yaml"
	helm4Args = " --post-renderer outrigger --post-renderer-args -csidecars/sidecars.yaml"
)

var allRunners = []runner{
	{name: "kustomize exec", command: "kustomize build --enable-alpha-plugins --enable-exec overlay"},
	{name: "kustomize container", form: 1, command: "kustomize build --enable-alpha-plugins overlay", without: noImage},
	{name: "kustomize legacy", form: 2, command: "kustomize build --enable-alpha-plugins overlay", without: noPlugin},
	{name: "kubectl container", form: 1, program: "kubectl", command: "kubectl kustomize --enable-alpha-plugins overlay",
		without: noImage},
	{name: "kubectl legacy", form: 2, program: "kubectl", command: "kubectl kustomize --enable-alpha-plugins overlay",
		without: noPlugin},
	{name: "kpt fn render", prepare: toPackage, made: "package",
		command: "kpt fn render --allow-exec --truncate-output=false package"},
	{name: "kpt fn eval", prepare: toPackage, made: "package",
		command: "kpt fn eval --exec outrigger --truncate-output=false --fn-config sidecars/sidecars.yaml package"},
	{name: "pipe", command: "set -o pipefail; kustomize build base | outrigger inject -c sidecars/sidecars.yaml"},
	{name: "outrigger run", command: "outrigger run -c sidecars/sidecars.yaml -- kustomize build base"},
	{name: "outrigger inject -w", made: "base", command: "outrigger inject -c sidecars/sidecars.yaml -w base"},
	{name: "outrigger eject", prepare: toEject, command: "set -o pipefail; " +
		"kustomize build base | outrigger eject -c sidecars/sidecars.yaml -o ejected >&2; kustomize build plain"},
	{name: "helm3 template", prepare: toHelm, command: "helm3 template shop helm/search" + helm3Args},
	{name: "helm4 template", prepare: toHelm4, without: noHelm4, command: "helm4 template shop helm/search" + helm4Args},
	{name: "helm4 template --debug", prepare: toHelm4, without: noHelm4,
		command: "helm4 template shop helm/search --debug" + helm4Args},
	{name: "helm4 install --dry-run=client", prepare: toHelm4, without: noHelm4,
		command: "helm4 install shop helm/search --dry-run=client" + helm4Args},
}

// elsewhere are runners that another command asks.
var elsewhere = map[string]string{
	"helm3 install": "make e2e-cluster", "helm3 upgrade": "make e2e-cluster",
	"helm4 install": "make e2e-cluster", "helm4 upgrade": "make e2e-cluster",
}

// Every runner adds the sidecar, or it ends with an error, makes nothing, and shows why: what outrigger says if the
// document selects nothing, and its own words if outrigger isn't there or the base is broken.
func TestPromises(t *testing.T) {
	t.Parallel()
	promises.addRow("argocd-cmp-server")
	for name, command := range elsewhere {
		promises.skip(name, command+" asks it")
	}
	for _, r := range allRunners {
		promises.addRow(r.name)
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(r.program); r.program != "" && err != nil {
				promises.skip(r.name, "no "+r.program)
				return
			}
			promises.check(t, r.name, works, "", func(t *testing.T) {
				f := r.newFolder(t)
				got := f.enter(t, r.command)
				require.Zero(t, got.Code, got.Stderr)
				require.Contains(t, f.result(t, got), "name: tls-proxy\n")
			})
			nothing := "sed -i 's/name[:=] *elasticsearch$/name: nothing/; s/name=search/name=nothing/' " +
				"sidecars/sidecars.yaml; ! test -d package || cp sidecars/sidecars.yaml package"
			said := r.checkClosed(t, "nothing selected", nothing, "nothing-selected")
			promises.check(t, r.name, errorShown, "", func(t *testing.T) {
				require.Contains(t, said, "nothing-selected")
				require.Contains(t, said, "selects no workload")
			})
			r.checkClosed(t, "no outrigger", r.takeAway(), "not found|pinging container registry localhost|Go object code")
			r.checkClosed(t, "a broken base", "for f in base/elasticsearch.yaml package/elasticsearch.yaml "+
				"helm/search/templates/service.yaml; do ! test -f $f || echo 'a: {{ [' >>$f; done",
				"MalformedYAMLError|yaml-syntax|parse error")
			if r.name == "outrigger run" {
				r.checkClosed(t, "half of a base", halfOfBase, "ended with code 3")
			}
		})
	}
}

// halfOfBase makes a renderer that fails after it has printed a part.
const halfOfBase = `mkdir half && cat >half/kustomize <<'END'
#!/bin/sh
sed '/^---/,$d' base/elasticsearch.yaml
exit 3
END
chmod +x half/kustomize; export PATH=$PWD/half:$PATH`

// A pipe gives half of the manifests where the renderer fails half-way, whatever the shell says of it later. That's why
// there is outrigger run.
func TestPipeIsOpen(t *testing.T) {
	t.Parallel()
	at := slices.IndexFunc(allRunners, func(r runner) bool { return r.name == "pipe" })
	promises.check(t, "pipe", failsClosed, "", func(t *testing.T) {
		got := allRunners[at].newFolder(t).enter(t, halfOfBase+"\n"+allRunners[at].command)
		require.Equal(t, 3, got.Code)
		require.Contains(t, got.Stdout, "kind: Deployment\n")
		require.NotContains(t, got.Stdout, "kind: Service\n")
		promises.except("pipe", failsClosed, "but prints half of what a renderer prints that fails half-way")
	})
}

// takeAway is the command that takes outrigger out of the runner's way.
func (r runner) takeAway() string {
	if r.without != "" {
		return r.without
	}
	return `mkdir only && for p in kustomize kpt helm3 helm4; do ln -s "$(command -v $p)" only; done
export PATH=$PWD/only:/usr/bin:/bin`
}

// checkClosed checks that the runner fails for a reason where a command has broken something, and returns all that it
// said.
func (r runner) checkClosed(t *testing.T, what, command, reason string) (said string) {
	t.Helper()
	promises.check(t, r.name, failsClosed, what, func(t *testing.T) {
		f := r.newFolder(t)
		got := f.enter(t, command+"\ncp -r . ../before\n"+r.command)
		said = got.Stdout + got.Stderr
		require.NotZero(t, got.Code, said)
		require.Regexp(t, reason, said)
		if r.made == "" {
			require.Empty(t, strings.TrimSpace(got.Stdout))
			return
		}
		before := filepath.Join(f.dir, "../before", r.made)
		require.Equal(t, readFiles(t, before), readFiles(t, filepath.Join(f.dir, r.made)))
	})
	return said
}

// A place is a folder with the example, in which a runner is typed.
type place struct {
	runner
	dir string
}

func (r runner) newFolder(t *testing.T) place {
	t.Helper()
	f, fresh := place{r, filepath.Join(t.TempDir(), "shop")}, forms[r.form]
	fresh.folder = t.TempDir() // other tests write into the folder of the form
	require.NoError(t, fresh.writeFolder("examples/elasticsearch-tls"))
	require.NoError(t, os.Rename(fresh.path("examples/elasticsearch-tls"), f.dir))
	if r.prepare != "" {
		got := f.enter(t, r.prepare)
		require.Zero(t, got.Code, got.Stderr)
	}
	return f
}

// enter types commands. Helm's plugins are those of the folder, and there is no cluster.
func (f place) enter(t *testing.T, commands string) program.Result {
	t.Helper()
	return program.Run(t, "", "env", "-C", f.dir, "ROOT="+root, "KUBECONFIG=/nowhere", "HELM_DATA_HOME="+f.dir+"/../data",
		"HELM_CACHE_HOME="+f.dir+"/../cache", "HELM_CONFIG_HOME="+f.dir+"/../config", "bash", "-ec", commands)
}

// result is what the runner has made.
func (f place) result(t *testing.T, got program.Result) string {
	t.Helper()
	if f.made == "" {
		return got.Stdout
	}
	var all []string
	for name, text := range readFiles(t, filepath.Join(f.dir, f.made)) {
		if strings.HasSuffix(name, "elasticsearch.yaml") {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return strings.Join(all, fmt.Sprintln("---"))
}
