package fn

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Results are those of kyaml's framework, field for field, so that it can read all of them.
func TestResultsOfKyaml(t *testing.T) {
	for name, c := range map[string]struct {
		list string
		want framework.Result
	}{
		"about the config": {list(strings.Replace(sidecars, "secretName", "secretname", 1), web), framework.Result{
			Message:  "there is no such field; did you mean secretName",
			Severity: framework.Error, Tags: map[string]string{"code": "unknown-field"},
			ResourceRef: &yaml.ResourceIdentifier{
				TypeMeta: yaml.TypeMeta{APIVersion: "outrigger.dev/v1alpha1", Kind: "Sidecars"},
				NameMeta: yaml.NameMeta{Name: "search"},
			},
			Field: &framework.Field{Path: "spec.patterns[0].tlsProxy.secretname"},
		}},
		"about an object": {list(sidecars, strings.Replace(web, "image: web:1",
			"env: [{name: LISTEN, value: other}]\n          image: web:1", 1)), framework.Result{
			Message:  "tls-proxy: the manifest has another value here; remove it from the manifest, or make it equal",
			Severity: framework.Error, Tags: map[string]string{"code": "conflict"},
			ResourceRef: &yaml.ResourceIdentifier{
				TypeMeta: yaml.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
				NameMeta: yaml.NameMeta{Name: "web"},
			},
			Field: &framework.Field{Path: "spec.template.spec.containers[name=web].env[name=LISTEN]"},
		}},
		"that only informs": {list(sidecars, strings.Replace(web, "  name: web\nspec",
			"  name: web\n  annotations: {outrigger.dev/skip: '*'}\nspec", 1),
			strings.ReplaceAll(web, "  name: web\n", "  name: web\n  namespace: b\n")), framework.Result{
			Message:  "tls-proxy: skipped, as metadata.annotations.outrigger.dev/skip says",
			Severity: framework.Info, Tags: map[string]string{"code": "skipped"},
			ResourceRef: &yaml.ResourceIdentifier{
				TypeMeta: yaml.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
				NameMeta: yaml.NameMeta{Name: "web"},
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, out, err := call(c.list)
			var read struct {
				Rest    map[string]any    `yaml:",inline"`
				Results framework.Results `yaml:"results"`
			}
			strict := yaml.NewDecoder(bytes.NewReader([]byte(out)))
			strict.KnownFields(true)
			require.NoError(t, strict.Decode(&read))
			require.NotEmpty(t, read.Results, err)
			for _, r := range read.Results {
				require.NotEmpty(t, r.Message)
				require.NotEmpty(t, r.Severity)
				require.NotEmpty(t, r.Tags["code"])
			}
			require.Contains(t, read.Results, &c.want, "have: %v", read.Results)
		})
	}
}

// Where files are written back, one result tells of each workload what it got and what it goes without, and where.
func TestResultsOfKpt(t *testing.T) {
	config := sidecars + "    - name: logs\n      logTail: {directory: /logs, files: [a.log]}\n"
	workload := func(name, annotations, index, id string) string {
		o := strings.Replace(web, "  name: web\nspec", "  name: web\n  namespace: "+name+"\nspec", 1)
		return strings.Replace(kptItem(o, "apps/web.yaml", index, id), "  annotations:\n", "  annotations:\n"+annotations, 1)
	}
	in := list(config,
		workload("all", "", "0", "1"),
		workload("none", "    outrigger.dev/skip: '*'\n    outrigger.dev/skip-reason: no\n", "1", "2"),
		workload("some", "    outrigger.dev/skip: logs\n", "2", "3"))
	in = strings.Replace(in, "  patterns:", "  expect: {min: 0}\n    patterns:", 1)
	code, out, stderr := call(in)
	require.Zero(t, code, stderr)
	var read struct {
		Results framework.Results `yaml:"results"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(out), &read))
	var said []string
	for _, r := range read.Results {
		require.Equal(t, "apps/web.yaml", r.File.Path)
		if r.Tags["code"] == "log-user" { // about the app
			continue
		}
		require.Equal(t, "Deployment", r.ResourceRef.Kind)
		require.Equal(t, "apps/v1", r.ResourceRef.APIVersion)
		require.Equal(t, "web", r.ResourceRef.Name)
		require.Equal(t, "spec.template.spec", r.Field.Path)
		said = append(said, fmt.Sprint(r.ResourceRef.Namespace, " ", r.File.Index, " ", r.Tags["code"], ": ", r.Message))
	}
	require.Equal(t, []string{
		"all 0 added: added tls-proxy (1 native sidecar, 1 object, takes over port 8080), logs (1 native sidecar)",
		`none 1 skipped: logs: skipped, as metadata.annotations.outrigger.dev/skip says: "no"; ` +
			`tls-proxy: skipped, as metadata.annotations.outrigger.dev/skip says: "no"`,
		"some 2 added: added tls-proxy (1 native sidecar, 1 object, takes over port 8080); " +
			"logs: skipped, as metadata.annotations.outrigger.dev/skip says",
	}, said)
	_, again, _ := call(in)
	require.Equal(t, out, again, "the same each time")
	rest, _ := resultsOf(out)
	_, again, _ = call(rest)
	require.Equal(t, out, again, "and of a second run")
}

// A function tells of the sidecars of its own document, also where those of another one are there already. So a second
// render says what the first one said, which some versions of kpt keep in the Kptfile.
func TestResultsOfTwo(t *testing.T) {
	logs, _, _ := strings.Cut(strings.Replace(sidecars, "name: search", "name: logs", 1), "  patterns:\n")
	logs += "  patterns:\n    - name: logs\n      logTail: {directory: /logs, files: [a.log]}\n"
	items := strings.TrimSuffix(list("", kptItem(web, "apps/web.yaml", "0", "1")), "\n")
	render := func() (said string) {
		for _, config := range []string{sidecars, logs} {
			_, text, _ := strings.Cut(list(config), "functionConfig:")
			code, out, stderr := call(items + "\nfunctionConfig:" + text)
			require.Zero(t, code, stderr)
			rest, results := resultsOf(out)
			items, _, _ = strings.Cut(rest, "\nfunctionConfig:")
			said += results + stderr
		}
		return said
	}
	first := render()
	require.Equal(t, 1, strings.Count(first, "added tls-proxy (1 native sidecar, 1 object, takes over port 8080)\n"))
	require.Equal(t, 1, strings.Count(first, "added logs (1 native sidecar)\n"))
	require.Equal(t, 1, strings.Count(first, "log-user"), "for kpt; people see no info")
	require.Equal(t, first, render())
}

// A file's path is from the package that is rendered, as each package below it may have a file of that name.
func TestResultsOfInnerPackage(t *testing.T) {
	kptfile := kptItem("apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: search\n", "Kptfile", "0", "1")
	inner := func(o string) string { return strings.Replace(o, "'/pkg'", "'/pkg/inner'", 1) }
	code, out, stderr := call(list(sidecars, kptfile, inner(kptfile), inner(kptItem(web, "apps/web.yaml", "0", "2"))))
	require.Zero(t, code, stderr)
	rest, results := resultsOf(out)
	require.Contains(t, results, "path: inner/apps/web.yaml\n")
	require.NotContains(t, rest, "path: inner/", "it's a place to read, and none to write to")
	_, said, stderr := call(list(sidecars, kptfile, inner(kptItem(strings.Replace(web, "image: web:1",
		"env: [{name: LISTEN, value: other}]\n          image: web:1", 1), "apps/web.yaml", "0", "2"))))
	require.Contains(t, said, "path: inner/apps/web.yaml\n")
	require.Contains(t, stderr, "inner/apps/web.yaml: Deployment web ")
}
