package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// crew is a custom resource with two pod templates in a list, whose pods have labels and annotations.
func crew(one, two string) string {
	const template = "spec: {containers: [{name: app, image: app:1}]}}}"
	return "apiVersion: example.com/v1\nkind: Crew\nmetadata:\n  name: a\nspec:\n  groups:\n" +
		"  - {name: one, template: {metadata: {" + one + "}, " + template + "\n" +
		"  - {name: two, template: {metadata: {" + two + "}, " + template + "\n"
}

const crewPaths = "  podTemplatePaths: ['spec.groups[*].template']\n"

// selecting returns a document for crews.
func selecting(t *testing.T, selector, rest string) *config.Sidecars {
	t.Helper()
	return readSpec(t, "  select: [{kind: Crew"+selector+"}]\n"+crewPaths+rest)
}

// Each pod template opts out for itself. The object's marker has what any of them got, and a second run takes it for
// true, with and without a record.
func TestPartsOptOut(t *testing.T) {
	text := crew("", "annotations: {outrigger.dev/skip: helper}")
	for _, record := range []string{"never", "always"} {
		doc := selecting(t, "", "  record: "+record+"\n  expect: {min: 0}\n  patterns:\n"+helper)
		out := Run([]File{{Text: text}}, doc, Options{})
		require.NoError(t, out.Findings.Err())
		require.Len(t, out.Findings, 1)
		require.Equal(t, "Crew a spec.groups[name=two].template: helper: skipped, as "+
			"spec.groups[name=two].template.metadata.annotations.outrigger.dev/skip says", out.Findings[0].String())
		require.Equal(t, []string{"Crew a spec.groups[name=one].template: helper (1 native sidecar); requests nothing more"},
			out.Report)
		again := Run(out.Files(), doc, Options{})
		require.Equal(t, out.Files(), again.Files())
		require.Len(t, out.Results(), 2)
		require.Equal(t, "added helper (1 native sidecar)", out.Results()[0].Message)
		require.Contains(t, out.Results()[1].Message, "helper: skipped")
	}
	// What a template claims itself is an error, whatever another one has.
	text = crew("", "annotations: {outrigger.dev/skip: helper, outrigger.dev/patterns: helper}")
	out := Run([]File{{Text: text}}, selecting(t, "", "  patterns:\n"+helper), Options{})
	require.ErrorContains(t, out.Findings.Err(), "Crew a spec.groups[name=two].template.metadata.annotations"+
		`["outrigger.dev/patterns"]: helper: claims this sidecar`)
	// And so is what the object claims where no template has it.
	text = strings.Replace(crew("annotations: {outrigger.dev/skip: helper}", "annotations: {outrigger.dev/skip: helper}"),
		"  name: a\n", "  name: a\n  annotations: {outrigger.dev/patterns: helper}\n", 1)
	out = Run([]File{{Text: text}}, selecting(t, "", "  patterns:\n"+helper), Options{})
	require.ErrorContains(t, out.Findings.Err(), `Crew a metadata.annotations["outrigger.dev/patterns"]: helper: claims`)
}

// Labels of pods select pod templates, not their object.
func TestPartsByLabels(t *testing.T) {
	text := crew("labels: {of: one}", "labels: {of: two}")
	const inOne, inTwo = "{name: one, template: {metadata: {labels: {of: one}, annotations: {outrigger.dev/patterns: ",
		"{name: two, template: {metadata: {labels: {of: two}, annotations: {outrigger.dev/patterns: "
	other := strings.ReplaceAll(helper, "helper", "other")
	for selector, want := range map[string][2]bool{
		"":                                    {true, true},
		", podSelector: of=two":               {false, true},
		", podSelector: 'of in (one, three)'": {true, false},
		", podSelector: of!=one":              {false, true},
	} {
		out := Run([]File{{Text: text}}, selecting(t, selector, "  patterns:\n"+helper), Options{})
		require.NoError(t, out.Findings.Err())
		written := out.Files()[0].Text
		require.Equal(t, want[0], strings.Contains(written, inOne+"helper}"), selector)
		require.Equal(t, want[1], strings.Contains(written, inTwo+"helper}"), selector)
		require.Equal(t, out.Files(), Run(out.Files(), selecting(t, selector, "  patterns:\n"+helper), Options{}).Files())
	}
	excluding := selecting(t, "", "  exclude: [{podSelector: of=one}]\n  patterns:\n"+helper)
	out := Run([]File{{Text: text}}, excluding, Options{})
	require.NoError(t, out.Findings.Err())
	require.NotContains(t, out.Files()[0].Text, inOne)
	require.Contains(t, out.Files()[0].Text, inTwo+"helper}")

	// Two documents may serve a template each, at once and one after the other, and be taken off one by one.
	one := selecting(t, ", podSelector: of=one", "  record: always\n  patterns:\n"+helper)
	two := selecting(t, ", podSelector: of=two", "  record: always\n  patterns:\n"+other)
	two.Metadata.Name = "b"
	files := []File{{Text: text}}
	both := RunAll(files, []*config.Sidecars{one, two}, Options{})
	require.NoError(t, both.Findings.Err())
	require.Contains(t, both.Files()[0].Text, "\n    outrigger.dev/patterns: helper,other\n")
	require.Contains(t, both.Files()[0].Text, inOne+"helper}")
	require.Contains(t, both.Files()[0].Text, inTwo+"other}")
	first := Run(files, two, Options{})
	require.NoError(t, first.Findings.Err())
	second := Run(first.Files(), one, Options{})
	require.NoError(t, second.Findings.Err())
	require.Equal(t, both.Files(), second.Files())
	require.Equal(t, both.Files(), Run(second.Files(), two, Options{}).Files())
	left, fs := Strip(second.Files(), "b")
	require.NoError(t, fs.Err())
	require.Equal(t, Run(files, one, Options{}).Files(), left)
	bare, fs := Strip(second.Files(), "")
	require.NoError(t, fs.Err())
	require.Equal(t, files, bare)
}

// A volume that one pod template mounts keeps no sidecar's volume of the same name in another one.
func TestPartsHaveTheirOwnVolumes(t *testing.T) {
	text := strings.Replace(crew("", ""), "image: app:1}", "image: app:1, volumeMounts: [{name: scratch, mountPath: "+
		"/s}]}], volumes: [{name: scratch, emptyDir: {}}", 1)
	doc := selecting(t, "", "  record: always\n  patterns:\n  - name: helper\n    custom:\n"+
		"      containers: [{name: helper, image: helper:1, volumeMounts: [{name: scratch, mountPath: /s}]}]\n"+
		"      volumes: [{name: scratch, emptyDir: {}}]\n")
	out := Run([]File{{Text: text}}, doc, Options{})
	require.NoError(t, out.Findings.Err())
	bare, fs := Strip(out.Files(), "")
	require.NoError(t, fs.Err())
	require.Equal(t, text, bare[0].Text)
}

// A pod template that another one repeats is written out where it's edited.
func TestPartsWithAliases(t *testing.T) {
	text := "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata:\n  name: a\nspec:\n" +
		"  leaderWorkerTemplate:\n    leaderTemplate: &pod\n      spec:\n        containers:\n        - name: app\n" +
		"          image: app:1\n    workerTemplate: *pod\n"
	doc := readSpec(t, "  select: [{name: a}]\n  record: always\n  patterns:\n"+collector)
	out := Run([]File{{Text: text}}, doc, Options{})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[0].Text, "name: a-leader-helper\n")
	require.Contains(t, out.Files()[0].Text, "name: a-worker-helper\n")
	require.Equal(t, out.Files(), Run(out.Files(), doc, Options{}).Files())
	bare, fs := Strip(out.Files(), "")
	require.NoError(t, fs.Err())
	require.Equal(t, text, bare[0].Text)
}

// explain --expand has one pod template, as what a pattern adds depends on it.
func TestExpandOfParts(t *testing.T) {
	text := crew("labels: {of: one}", "labels: {of: two}")
	_, fs := Expand([]File{{Text: text}}, selecting(t, "", "  patterns:\n"+helper))
	require.ErrorContains(t, fs.Err(), "Crew a has 2 pod templates that are selected, such as "+
		"spec.groups[name=one].template and spec.groups[name=two].template, but explain --expand needs just one")
	conf, fs := Expand([]File{{Text: text}}, selecting(t, ", podSelector: of=two", "  patterns:\n"+helper))
	require.NoError(t, fs.Err())
	require.Len(t, conf.Spec.Patterns, 1)
}

// Each pod template is a workload of its own where its pods count.
func TestPartsAreCounted(t *testing.T) {
	text := strings.NewReplacer("name: one,", "name: one, replicas: 3,", "name: two,", "name: two, replicas: 2,").Replace(
		crew("", ""))
	out := Run([]File{{Text: text}}, selecting(t, "", "  patterns:\n  - name: helper\n    custom: {containers: [{name: "+
		"helper, image: helper:1, resources: {requests: {cpu: 10m}}}]}\n"), Options{})
	require.NoError(t, out.Findings.Err())
	require.Equal(t, []string{
		"Crew a spec.groups[name=one].template: helper (1 native sidecar); requests 3 x (10m CPU)",
		"Crew a spec.groups[name=two].template: helper (1 native sidecar); requests 2 x (10m CPU)",
	}, out.Report)
	require.Equal(t, "total: 2 workloads with sidecars; requests 50m CPU in 5 pods", out.Total)
	demands, err := out.Demands()
	require.NoError(t, err)
	require.Len(t, demands, 2)
	require.Len(t, demands[1].Containers, 1)
	require.Equal(t, sidecar.Ref{Group: "example.com", Kind: "Crew", Name: "a"}, demands[1].Meta.Ref)
}

// A pod template that can't be read isn't passed by where others are served.
func TestPartsThatCannotBeRead(t *testing.T) {
	for containers, why := range map[string]string{
		"oops": "can't be a string", "{a: b}": "can't be a mapping", "[3]": "[0]: can't be a number"} {
		text := crew("", "") + "  - {name: three, template: {spec: {containers: " + containers + "}}}\n"
		out := Run([]File{{Text: text}}, selecting(t, "", "  patterns:\n"+helper), Options{})
		require.ErrorContains(t, out.Findings.Err(), "Crew a spec.groups[name=three].template.spec.containers")
		require.ErrorContains(t, out.Findings.Err(), why)
		require.Empty(t, out.Files(), "all or nothing")
	}
}
