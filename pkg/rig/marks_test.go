package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const helper = "  - name: helper\n    custom: {containers: [{name: helper, image: helper:1}]}\n"

// noted returns a Deployment named a with annotations, labels and annotations of its pods.
func noted(annotations, labels, podAnnotations, rest string) string {
	return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n  annotations: {" + annotations +
		"}\n  labels: {" + labels +
		"}\nspec:\n  template:\n    metadata: {labels: {app: a}, annotations: {" + podAnnotations +
		"}}\n    spec:\n      containers:\n      - name: app\n" + rest
}

const stamp = "outrigger.dev/patterns: 'x, helper'"

// A mark claims that a workload has a sidecar. For every way in which a workload can go without it, such a mark is an
// error, in any form and at any place.
func TestForgedMarks(t *testing.T) {
	paths := map[string]struct{ annotations, labels, podAnnotations, rest, config, list string }{
		"skipped":         {annotations: "outrigger.dev/skip: helper"},
		"skipped all":     {annotations: "outrigger.dev/skip: '*'"},
		"labelled":        {labels: "outrigger.dev/inject: 'false'"},
		"pods skipped":    {podAnnotations: "outrigger.dev/skip: helper"},
		"excluded":        {config: "  exclude: [{name: a}]\n"},
		"managed":         {labels: "app.kubernetes.io/managed-by: outrigger"},
		"unfit":           {rest: "      initContainers: [{name: helper, image: sleep:1}]\n"},
		"local in a list": {annotations: "config.kubernetes.io/local-config: 'true'", list: "yes"},
	}
	marks := map[string]struct{ annotations, podAnnotations, field string }{
		"object":   {stamp, "", `metadata.annotations["outrigger.dev/patterns"]`},
		"template": {"", stamp, `spec.template.metadata.annotations["outrigger.dev/patterns"]`},
		"phases":   {"outrigger.dev/phases: helper=70", "", `metadata.annotations["outrigger.dev/phases"]`},
		"checksum": {"", "checksum.outrigger.dev/helper: '1'",
			`spec.template.metadata.annotations["checksum.outrigger.dev/helper"]`},
	}
	join := func(a, b string) string { return strings.Trim(a+", "+b, ", ") }
	for name, p := range paths {
		for where, m := range marks {
			t.Run(name+"/"+where, func(t *testing.T) {
				text := noted(join(p.annotations, m.annotations), p.labels, join(p.podAnnotations, m.podAnnotations), p.rest) +
					deployment("b", "")
				if p.list != "" {
					text = resources(text)
				}
				config := helper
				if name == "unfit" {
					config = strings.Replace(config, "    custom", "    unfit: skip\n    custom", 1)
				}
				out := Run([]File{{Text: text}}, read(t, config+p.config), Options{})
				require.Len(t, failures(out.Findings), 1, out.Findings)
				f := failures(out.Findings)[0]
				require.Equal(t, "marker-forged", f.Code)
				require.Equal(t, m.field, f.Field)
				require.Equal(t, "Deployment a", f.Object.String())
				require.Empty(t, out.Texts)

				text = strings.NewReplacer("x, helper", "x, helpers", "helper=70", "helpers=70", "dev/helper",
					"dev/helpers").Replace(text)
				out = Run([]File{{Text: text}}, read(t, config+p.config), Options{})
				require.NoError(t, out.Findings.Err(), "marks of other names are nobody's matter")
				if name != "excluded" {
					require.Equal(t, sidecar.Skipped, out.Findings[0].Code, "but who goes without is told")
				}
			})
		}
	}
}

// A mark is true if the workload has the sidecar exactly as a run would add it: then it was rendered before somebody
// added the skip.
func TestMarksOfWhatStands(t *testing.T) {
	for name, config := range map[string]string{
		"container": helper,
		"setting":   "  - name: helper\n    sysctl: {sysctls: [{name: net.ipv4.tcp_keepalive_time, value: '300'}]}\n",
		"object": "  - name: helper\n    custom: {app: {env: [{name: A, value: b}]}, objects: [{apiVersion: v1, kind: " +
			"ConfigMap, metadata: {name: made}, data: {a: b}}]}\n",
	} {
		t.Run(name, func(t *testing.T) {
			laid := Run([]File{{Text: noted("", "", "", "") + deployment("b", "")}}, read(t, config), Options{})
			require.NoError(t, laid.Findings.Err())
			text := strings.Replace(laid.Files()[0].Text, "annotations: {outrigger.dev/patterns: helper",
				"annotations: {outrigger.dev/skip: helper, outrigger.dev/patterns: helper", 1)
			require.Contains(t, text, "dev/skip")
			out := Run([]File{{Text: text}}, read(t, config), Options{})
			require.NoError(t, out.Findings.Err())
			require.Equal(t, text, out.Files()[0].Text)
			for _, other := range []string{"image: helper:1\nimage: helper:2", "value: '300'\nvalue: '3'",
				"data:\n  a: b\ndata:\n  a: c"} {
				was, now, _ := strings.Cut(other, "\n")
				if strings.HasPrefix(other, "data") {
					was, now = "  a: b\n", "  a: c\n"
				}
				if !strings.Contains(text, was) {
					continue
				}
				out = Run([]File{{Text: strings.Replace(text, was, now, 1)}}, read(t, config), Options{})
				require.Equal(t, "marker-forged", failures(out.Findings)[0].Code)
			}
		})
	}
}

// A container with a sidecar's name belongs to outrigger if it's the container that a run would add, and not if a
// marker claims it.
func TestMarksOfOtherContainers(t *testing.T) {
	skip := strings.Replace(helper, "    custom", "    unfit: skip\n    custom", 1)
	own := "      initContainers: [{name: helper, image: 'helper:1', restartPolicy: Always}]\n"
	out := Run([]File{{Text: noted("", "", "", own)}}, read(t, skip), Options{})
	require.NoError(t, out.Findings.Err(), "equal to what we lay on, so it is that")
	require.Contains(t, out.Files()[0].Text, "outrigger.dev/patterns: helper")

	other := strings.Replace(own, "helper:1", "sleep:1", 1)
	out = Run([]File{{Text: noted("", "", "", other) + deployment("b", "")}}, read(t, skip), Options{})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Findings[0].String(),
		"helper: skipped: container helper exists already, and isn't one of this config")
	require.Contains(t, out.Files()[0].Text, noted("", "", "", other))

	out = Run([]File{{Text: noted("", "", "", other)}}, read(t, helper), Options{})
	require.True(t, out.Findings.Failed(), "where none may be left out it's a conflict")

	beside := "  - name: helper\n    app: '*'\n    custom: {containers: [{name: helper, image: helper:1}], app: {env: " +
		"[{name: A, value: b}]}}\n"
	out = Run([]File{{Text: noted("outrigger.dev/patterns: app", "", "outrigger.dev/patterns: app", "")}},
		read(t, beside), Options{})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[0].Text, "name: A", "nobody is passed over because a marker names him")
}

// A label doesn't make an object an emitted one: its content is compared.
func TestManagedByOthers(t *testing.T) {
	job := "---\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: made\n  labels: {app.kubernetes.io/managed-by: " +
		"outrigger}\nspec:\n  template:\n    spec:\n      containers: [{name: c, image: 'IMAGE:1'}]\n"
	text := deployment("a", "") + strings.Replace(job, "IMAGE", "job", 1)
	c := readSpec(t, "  select: [{kind: Deployment|Job}]\n  patterns:\n  - name: x\n    custom: {app: {env: [{name: A, "+
		"value: b}]}, objects: [{apiVersion: batch/v1, kind: Job, metadata: {name: made}, spec: {template: {spec: "+
		"{containers: [{name: c, image: 'job:1'}]}}}}]}\n")
	out := Run([]File{{Text: text}}, c, Options{})
	require.Empty(t, out.Findings, "it is the one that this run emits")

	twin := strings.Replace(strings.Replace(job, "IMAGE", "evil", 1), "---\n", "---\n# the same once more\n", 1)
	out = Run([]File{{Text: text + twin}}, c, Options{})
	require.Len(t, out.Findings, 2)
	require.Equal(t, "object-rival", out.Findings[0].Code)
	require.Contains(t, out.Findings[1].String(),
		"Job made: all sidecars skipped, as label app.kubernetes.io/managed-by says")

	other := strings.Replace(text, "name: made", "name: other", 1)
	out = Run([]File{{Text: other}}, c, Options{})
	require.Len(t, out.Findings, 1)
	require.Contains(t, out.Findings[0].String(), "Job other: all sidecars skipped")
}

func failures(fs sidecar.Findings) (out sidecar.Findings) {
	for _, f := range fs {
		if f.Severity == sidecar.Error {
			out = append(out, f)
		}
	}
	return out
}

// resources returns a ResourceList of documents.
func resources(text string) string {
	var b strings.Builder
	b.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for _, doc := range strings.Split(text, "---\n")[1:] {
		b.WriteString("- " + strings.ReplaceAll(strings.TrimSuffix(doc, "\n"), "\n", "\n  ") + "\n")
	}
	return b.String()
}
