package rig

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Names go into paths, reports and other objects, so invalid names are refused.
func TestNamesThatAreNone(t *testing.T) {
	conf := read(t, "  - name: x\n    custom: {containers: [{name: x, image: x:1}], servicePorts: [{name: metrics, "+
		"port: 9100}]}\n")
	run := func(text string) Output { return Run([]File{{Name: "a.yaml", Text: text}}, conf, Options{}) }
	for _, name := range []string{"null", "~", "", "[a]", "{a: b}", "5", "1e3", "true", `""`, `"a\nb"`, `"a\e[31m"`,
		`"a\u202eb"`, "../x", "a/b", "'../Kptfile#'", "A", "-a", "a-", "a..b", "a b", strings.Repeat("a", 254)} {
		for what, text := range map[string]string{
			"name":      deployment(name, ""),
			"namespace": strings.ReplaceAll(deployment("web", ""), "name: web", "name: web\n  namespace: "+name),
			"service":   deployment("web", "") + strings.ReplaceAll(webService, "{name: web}", "{name: "+name+"}"),
		} {
			if what == "namespace" && (name == "" || name == "null" || name == "~" || name == `""`) {
				require.False(t, run(text).Findings.Failed(), text) // as kubectl has it: none
				continue
			}
			out := run(text)
			require.True(t, out.Findings.Failed(), text)
			require.Empty(t, out.Texts, text)
			said := out.Findings.Err().Error()
			require.Contains(t, said, "metadata.name", text)
			require.Regexp(t, `^a\.yaml:\d+: `, said)
			for _, line := range strings.Split(said, "\n") {
				require.NotRegexp(t, `[\x00-\x1f\x7f\x{202e}]`, line)
			}
		}
	}
	for _, name := range []string{"web", "a.b-c.d1", "'5'", "yes", strings.Repeat("a", 253)} {
		require.False(t, run(deployment(name, "")).Findings.Failed(), name)
	}
	generated := run(strings.ReplaceAll(deployment("x", ""), "name: x\n", "generateName: web-\n"))
	require.False(t, generated.Findings.Failed())
}

// Whatever kubectl reads as a workload is read here, too, or refused with its line.
func TestNothingIsPassedOver(t *testing.T) {
	conf := read(t, "  - name: x\n    custom: {containers: [{name: x, image: x:1}]}\n")
	hidden := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: hidden}, spec: {template: {spec: {containers: " +
		"[{name: app}]}}}}"
	for text, refusal := range map[string]string{
		"apiVersion: v1\nkind: List\nitems:\n- kind: List\n  items: [" + hidden +
			"]\n": "line 17: is a list in a list",
		"apiVersion: v1\nkind: ConfigMap\nitems:\n- " + hidden + "\n": "",
		"apiVersion: apps/v1\nitems: [" + hidden + "]\nkind: List\n":  "",
		"x: &x [" + hidden +
			"]\nkind: List\nitems: *x\n": "line 14: the items of the list come by an alias",
		"x: &x {kind: Deployment}\n<<: *x\n" + strings.ReplaceAll(blockOf(hidden), "kind: Deployment\n", ""): "",
		"x: &x kind\n*x : Deployment\n" + strings.ReplaceAll(blockOf(hidden), "kind: Deployment\n",
			""): "line 15: a field's name is an alias",
		strings.ReplaceAll(blockOf(hidden), "kind: Deployment",
			"kind: !!binary RGVwbG95bWVudA=="): "line 15: is tagged !!binary",
		strings.ReplaceAll(blockOf(hidden), "kind: Deployment",
			"kind: ConfigMap\n<<: {kind: Deployment}"): "line 16: the merge key brings a field that stands in front of it, " +
			"in line 15",
		"\ufeff" + blockOf(hidden): "line 14: begins with a byte order mark",
		strings.ReplaceAll(blockOf(hidden), "name: hidden",
			"name: hidden, annotations: {config.kubernetes.io/local-config: 'true'}"): "",
		"apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: hidden}\n  spec: {template: {spec: " +
			"{containers: [{name: app}]}}}\n": "",
	} {
		seen := deployment("web", "")
		out := Run([]File{{Text: seen + "---\n" + text}}, conf, Options{})
		if refusal != "" {
			require.ErrorContains(t, out.Findings.Err(), refusal, text)
			continue
		}
		require.Empty(t, out.Findings, text)
		require.Equal(t, []string{"Deployment web: x (1 container)", "Deployment hidden: x (1 container)"},
			strings.Split(strings.NewReplacer("native sidecar", "container", "; requests nothing more", "").Replace(
				strings.Join(out.Report, "|")), "|"), text)
		require.Equal(t, 2, strings.Count(strings.ReplaceAll(out.Files()[0].Text, "'", ""), "image: x:1"), "%s\n%s", text,
			out.Files()[0].Text)
	}
}

// blockOf writes a mapping of three simple fields and a spec with one field in a line.
func blockOf(flow string) string {
	for _, f := range []string{"kind", "metadata", "spec"} {
		flow = strings.Replace(flow, fmt.Sprintf(", %s:", f), fmt.Sprintf("\n%s:", f), 1)
	}
	return strings.TrimSuffix(strings.TrimPrefix(flow, "{"), "}") + "\n"
}
