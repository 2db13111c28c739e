package rig

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// A record leads no sidecar to another pod template: paths that it has count only where there are no others.
func TestDecoyTemplatesOfRecords(t *testing.T) {
	const template = ": {spec: {containers: [{name: app, image: app:1}]}}\n"
	const record = `{"v":3,"documents":{"a":{"podTemplatePaths":["spec.decoy"],"patterns":[` +
		`{"name":"y","unfit":"skip","exporter":{"preset":"redis"}}]}},"marks":[]}`
	text := "apiVersion: example.com/v1\nkind: Fleet\nmetadata:\n  name: a\n  annotations: {outrigger.dev/applied: '" +
		record + "'}\nspec:\n  decoy" + template + "  template" + template
	const spec = "  select: [{kind: Fleet}]\n  patterns:\n" + helper
	out := Run([]File{{Text: text}}, readSpec(t, spec), Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[0].Text, "  decoy"+template)
	require.Contains(t, out.Files()[0].Text, "helper:1")

	out = Run([]File{{Text: text}}, readSpec(t, spec+"  podTemplatePaths: [spec.decoy]\n"), Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	require.NotContains(t, out.Files()[0].Text, "  decoy"+template)
	require.NotContains(t, out.Files()[0].Text, "  template"+template, "all are served")

	only := strings.Replace(text, "  template"+template, "", 1)
	out = Run([]File{{Text: only}}, readSpec(t, spec), Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[0].Text, "helper:1", "another document's path, where there's no usual one")
}

// A chain of Services with records, each of which leads to the next workload, takes few passes.
func TestChainOfRecords(t *testing.T) {
	var text strings.Builder
	for i := range 12 {
		const record = `  annotations: {outrigger.dev/applied: '{"v":3,RECORD,"marks":[]}'}` + "\n"
		laid := strings.Replace(record, "RECORD", fmt.Sprintf(`"documents":{"a%d":{"patterns":[`+
			`{"name":"y","custom":{"servicePorts":[{"name":"n","port":92}]}}]}}`, i), 1)
		leads := strings.Replace(record, "RECORD", fmt.Sprintf(`"for":["apps/Deployment//w%d"]`, i+1), 1)
		if i == 0 {
			laid = ""
		}
		fmt.Fprintf(&text, "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: w%d\n%sspec:\n  template:\n"+
			"    metadata: {labels: {in: s%d, out: s%d}}\n    spec: {containers: [{name: app, image: app:1}]}\n",
			i, laid, i, i+1)
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: s%d\n%sspec:\n  selector: {out: s%d}\n"+
			"  ports: [{port: 80, name: http}]\n", i, leads, i+1)
	}
	texts, fs := parseFiles([]File{{Text: text.String()}})
	require.NoError(t, fs.Err())
	conf := readSpec(t, "  select: [{name: w0}]\n  patterns:\n  - name: x\n"+
		"    custom: {servicePorts: [{name: m, port: 91}]}\n")
	passes := 0
	repeat(func() run { return newRun(texts, []*config.Sidecars{conf}) }, func(r *run) Output {
		passes++
		return r.flow(Options{InPlace: true})
	})
	require.Equal(t, mostPasses+1, passes)
}
