package rig

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

func read(t testing.TB, patterns string) *config.Sidecars {
	t.Helper()
	return readSpec(t, "  select: [{kind: Deployment|Rollout}]\n  patterns:\n"+patterns)
}

func readSpec(t testing.TB, spec string) *config.Sidecars {
	t.Helper()
	conf, fs := config.Read([]byte("apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: shop}\nspec:\n"+
		spec), "")
	require.Empty(t, fs)
	return conf
}

func deployment(name, rest string) string {
	return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name +
		"\nspec:\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: app\n      " +
		"  ports: [{containerPort: 80}]\n" + rest
}

const webService = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: " +
	"[{port: 80, targetPort: 80, name: http}]}\n"

// Two workloads behind one Service edit it once if their edits are equal.
func TestSharedService(t *testing.T) {
	text := deployment("a", "") + deployment("b", "") + webService
	out := Run([]File{{Text: text}}, read(t, "  - name: x\n    custom: {containers: [{name: x, image: x:1}], "+
		"servicePorts: [{name: metrics, port: 9100}]}\n"), Options{})
	require.Empty(t, out.Findings)
	require.Equal(t, 1, strings.Count(out.Files()[0].Text, "metrics"))
	require.Len(t, out.Report, 2)
}

// A Rollout that uses the pods of a Deployment has no pods of its own.
func TestWorkloadRef(t *testing.T) {
	rollout := "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec:\n  workloadRef: " +
		"{apiVersion: apps/v1, kind: Deployment, name: web}\n"
	pattern := "  - name: x\n    custom: {containers: [{name: x, image: x:1}]}\n"
	out := Run([]File{{Text: rollout}}, read(t, pattern), Options{})
	require.Len(t, out.Findings, 2)
	require.Contains(t, out.Findings[0].String(),
		"spec.expect.min: 0 of 1 selected workloads got every sidecar, at least 1 are expected")
	out = Run([]File{{Text: rollout}}, read(t, pattern+"  expect: {min: 0}\n"), Options{})
	require.Len(t, out.Findings, 1)
	require.False(t, out.Findings.Failed())
	require.Contains(t, out.Findings[0].String(),
		"has no pods of its own, but those of workload web; select that workload")
	require.Equal(t, rollout, out.Files()[0].Text)
}

// Invalid YAML is an error in an object that is read, and passes through in others. Most objects are never read.
func TestBrokenObjects(t *testing.T) {
	conf := read(t, "  - name: x\n    custom: {containers: [{name: x, image: x:1}]}\n")
	broken := "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: b: c\n"
	out := Run([]File{{Name: "a.yaml", Text: deployment("web", "") + broken}}, conf, Options{})
	require.False(t, out.Findings.Failed())
	require.Contains(t, out.Files()[0].Text, broken)

	out = Run([]File{{Name: "a.yaml", Text: deployment("web", "        x: a: b\n") + broken}}, conf, Options{})
	require.True(t, out.Findings.Failed())
	require.Empty(t, out.Texts)
	require.Contains(t, out.Findings.Err().Error(), "a.yaml:13: Deployment web: mapping values are not allowed")
}

// An override is laid over the container with the entry's name, or over all whose names begin with it, and over no
// other.
func TestOverride(t *testing.T) {
	custom := func(override string, names ...string) Output {
		conf := "  - name: x\n    override: " + override + "\n    custom:\n      containers:\n"
		for _, name := range names {
			conf += "      - {name: " + name + ", image: " + name + ":1}\n"
		}
		return Run([]File{{Text: deployment("web", "")}}, read(t, conf), Options{})
	}
	for _, c := range []struct {
		names, over []string
	}{
		{[]string{"x"}, []string{"x"}},
		{[]string{"x", "x-a", "z"}, []string{"x"}},
		{[]string{"x-a", "z", "x-b", "xz"}, []string{"x-a", "x-b"}},
	} {
		out := custom("{image: other:2}", c.names...)
		require.NoError(t, out.Findings.Err())
		for _, name := range c.names {
			image := name + ":1"
			if slices.Contains(c.over, name) {
				image = "other:2"
			}
			require.Contains(t, out.Files()[0].Text, "name: "+name+"\n        image: "+image+"\n")
		}
	}
	require.Contains(t, custom("{name: x, image: other:2}", "x-a").Files()[0].Text, "name: x-a\n        image: other:2\n")
	require.ErrorContains(t, custom("{image: other:2}", "z", "xz").Findings.Err(),
		"override: no container of this sidecar is named x or has a name that begins with x-")
}

// If all containers are served, those of a sidecar with several containers aren't.
func TestEveryAppAgain(t *testing.T) {
	conf := read(t, "  - name: logs\n    app: '*'\n    placement: beside\n    logTail: {directory: /logs, files: "+
		"[a.log, b.log]}\n")
	first := Run([]File{{Text: deployment("web", "")}}, conf, Options{})
	require.NoError(t, first.Findings.Err())
	text := first.Files()[0].Text
	require.Contains(t, text, "name: logs-b\n")
	again := Run([]File{{Text: text}}, conf, Options{})
	require.NoError(t, again.Findings.Err())
	require.Equal(t, text, again.Files()[0].Text)
}

// The checksum that replaces pods is of what they read: a function that sets the namespace, or other labels of an
// emitted object, doesn't replace them, and other content does.
func TestChecksumIsOfContent(t *testing.T) {
	input := func(namespace string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web" + namespace + "}\n" +
			"spec: {template: {spec: {containers: [{name: web, image: 'web:1'}]}}}\n"
	}
	sum := func(text, metadata, content string) string {
		conf := readSpec(t, "  select: [{name: web}]\n  patterns:\n  - name: x\n    custom:\n"+
			"      containers: [{name: x, image: 'x:1'}]\n      objects:\n"+
			"      - {apiVersion: v1, kind: ConfigMap, metadata: {name: "+metadata+"}, "+content+"}\n")
		out := Run([]File{{Text: text}}, conf, Options{})
		require.NoError(t, out.Findings.Err())
		_, rest, found := strings.Cut(out.Files()[0].Text, "checksum.outrigger.dev/x: ")
		require.True(t, found)
		return strings.Trim(strings.SplitN(rest, "\n", 2)[0], "'}")
	}
	first := sum(input(""), "web-x", "data: {a: b}")
	require.Equal(t, first, sum(input(", namespace: prod"), "web-x", "data: {a: b}"))
	require.Equal(t, first, sum(input(""), "web-y, labels: {team: a}", "data: {a: b}"))
	for _, other := range []string{"data: {a: c}", "data: {b: b}", "binaryData: {a: Yg==}"} {
		require.NotEqual(t, first, sum(input(""), "web-x", other), other)
	}
}
