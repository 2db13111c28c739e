package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// collector is a sidecar with an object of its own.
const collector = "  - name: helper\n    otelAgent: {endpoint: 'https://otel.example.com:4317'}\n" +
	"    override: {image: 'helper:1'}\n"

// Custom resources that people have get sidecars in all pod templates that outrigger knows of. Others are named, and
// none is passed over in silence. A second run changes nothing, and strip gives the bytes back.
func TestCustomTemplates(t *testing.T) {
	const template = "{spec: {containers: [{name: app, image: app:1}]}}"
	for name, c := range map[string]struct {
		group, kind, spec string
		unreached         string
		parts             []string // of names of objects, in the order of the templates
	}{
		"Volcano": {"batch.volcano.sh", "Job", "tasks: [{name: a, template: %}, {name: b, template: %}]", "",
			[]string{"a", "b"}},
		"Volcano without names": {"batch.volcano.sh", "Job", "tasks: [{template: %}, {template: %}]", "", []string{"0", "1"}},
		"Volcano with equal names": {"batch.volcano.sh", "Job", "tasks: [{name: a, template: %}, {name: a, template: %}]", "",
			[]string{"a-0", "a-1"}},
		"Ray": {"ray.io", "RayService", "rayClusterConfig: {headGroupSpec: {template: %}, workerGroupSpecs: " +
			"[{groupName: small, template: %}, {groupName: head, template: %}]}", "", []string{"head", "small", "head-2"}},
		"Ray's jobs": {"ray.io", "RayJob", "submitterPodTemplate: %, rayClusterSpec: {headGroupSpec: {template: %}}", "",
			[]string{"submitter", "head"}},
		"JobSet": {"jobset.x-k8s.io", "JobSet", "replicatedJobs: [{name: a, template: {spec: {template: %}}}]", "",
			[]string{"a"}},
		"LeaderWorkerSet": {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", "leaderWorkerTemplate: {workerTemplate: %}", "",
			[]string{"worker"}},
		"LeaderWorkerSet with a leader": {"leaderworkerset.x-k8s.io", "LeaderWorkerSet",
			"leaderWorkerTemplate: {leaderTemplate: %, workerTemplate: %}", "", []string{"leader", "worker"}},
		"Kibana": {"kibana.k8s.elastic.co", "Kibana", "podTemplate: %", "", []string{""}},
		"Beat":   {"beat.k8s.elastic.co", "Beat", "daemonSet: {podTemplate: %}", "", []string{""}},
		"Elasticsearch": {"elasticsearch.k8s.elastic.co", "Elasticsearch", "nodeSets: [{name: a, podTemplate: %}, {name: b}]",
			"spec.nodeSets[name=b].podTemplate", []string{"a"}},
		"Elasticsearch without containers": {"elasticsearch.k8s.elastic.co", "Elasticsearch",
			"nodeSets: [{name: a, podTemplate: {spec: {nodeSelector: {a: b}}}}]", "spec.nodeSets[name=a].podTemplate", nil},
		"Kibana without a template": {"kibana.k8s.elastic.co", "Kibana", "count: 1", "spec.podTemplate", nil},
		"Beat without a template":   {"beat.k8s.elastic.co", "Beat", "daemonSet: {}", "spec.daemonSet.podTemplate", nil},
		"MPIJob": {"kubeflow.org", "MPIJob", "mpiReplicaSpecs: {Launcher: {template: %}, Worker: {template: %}}", "",
			[]string{"launcher", "worker"}},
		"PyTorchJob": {"kubeflow.org", "PyTorchJob",
			"pytorchReplicaSpecs: {Master: {template: %}, Worker: {template: %}}", "", []string{"master", "worker"}},
		"Experiment": {"argoproj.io", "Experiment", "templates: [{name: a, template: %}]", "", []string{"a"}},
		"AnalysisTemplate": {"argoproj.io", "AnalysisTemplate",
			"metrics: [{name: b, provider: {web: {}}}, {name: a, provider: {job: {spec: {template: %}}}}]", "",
			[]string{"a"}},
		"Notebook":             {"kubeflow.org", "Notebook", "template: %", "", []string{""}},
		"AutoscalingRunnerSet": {"actions.github.com", "AutoscalingRunnerSet", "template: %", "", []string{""}},
		"somebody's own":       {"example.com", "Crew", "sailors: {pod: %}", "spec.sailors.pod", nil},
		"somebody's list":      {"example.com", "Crew", "sailors: [{pod: %}]", "spec.sailors[*].pod", nil},
		"a policy":             {"kyverno.io", "ClusterPolicy", "rules: [{validate: {pattern: %}}]", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: " + c.group + "/v1\nkind: " + c.kind + "\nmetadata: {name: a}\nspec: {" +
				strings.ReplaceAll(c.spec, "%", template) + "}\n---\n" + deployment("web", "")
			doc := readSpec(t, "  select: [{name: .*}]\n  record: always\n  patterns:\n"+collector)
			out := Run([]File{{Text: text}}, doc, Options{})
			require.NoError(t, out.Findings.Err())
			var without string
			for _, f := range out.Findings {
				if f.Severity == sidecar.Warning {
					require.Contains(t, []string{"template-unreached", "template-absent"}, f.Code)
					without += f.Field
				}
			}
			require.Equal(t, c.unreached, without)
			written := out.Files()[0].Text
			custom, _, _ := strings.Cut(written, "\n---\n")
			head, spec, _ := strings.Cut(custom, "\nspec:")
			require.Equal(t, len(c.parts), strings.Count(spec, "helper:1"))
			for i, part := range c.parts {
				stem := strings.TrimSuffix("a-"+part, "-")
				require.Equal(t, 1, strings.Count(spec, "configMap: {name: "+stem+"-helper}"), "%d: %s", i, spec)
				require.Contains(t, written, "\n  name: "+stem+"-helper\n")
			}
			require.Equal(t, min(len(c.parts), 1), strings.Count(head, "outrigger.dev/patterns: helper"))
			again := Run(out.Files(), doc, Options{})
			require.Equal(t, written, again.Files()[0].Text)
			bare, fs := Strip(out.Files(), "")
			require.NoError(t, fs.Err())
			require.Equal(t, text, bare[0].Text)
		})
	}
}

// Whoever forbids skips gets an error of a template that isn't reached, and whoever selects its kind a warning. The way
// out leads to it.
func TestUnreachedTemplates(t *testing.T) {
	text := "apiVersion: example.com/v1\nkind: Crew\nmetadata: {name: a}\nspec: {sailors: [{pod: {spec: " +
		"{containers: [{name: app, image: app:1}]}}}]}\n---\n" + deployment("web", "")
	run := func(more string) Output {
		spec := "  select: [{kind: Crew|Deployment}]\n  patterns:\n" + helper + more
		return Run([]File{{Text: text}}, readSpec(t, spec), Options{})
	}
	require.NoError(t, run("").Findings.Err())
	require.Len(t, run("").Findings, 1)
	require.Equal(t, "Crew a spec.sailors[*].pod: is a pod template where outrigger doesn't look, so it gets no "+
		"sidecars; write it into spec.podTemplatePaths, or exclude the object", run("").Findings[0].String())
	require.Error(t, run("  skips: forbidden\n").Findings.Err())
	out := run("  skips: forbidden\n  podTemplatePaths: ['spec.sailors[*].pod']\n")
	require.Empty(t, out.Findings)
	require.Equal(t, 2, strings.Count(out.Files()[0].Text, "helper:1"))
	require.Equal(t, "Crew a spec.sailors[0].pod: helper (1 native sidecar); requests nothing more", out.Report[0])
}

// Pods that an operator makes without a template have no labels in the manifest, so nobody who selects by labels means
// them. Whoever forbids skips gets an error.
func TestAbsentTemplates(t *testing.T) {
	text := "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: a}\n" +
		"spec: {nodeSets: [" +
		"{name: a, podTemplate: {metadata: {labels: {tier: a}}, spec: {containers: [{name: elasticsearch}]}}}, {name: b}]}\n"
	run := func(spec string) Output {
		return Run([]File{{Text: text}}, readSpec(t, spec+"  patterns:\n"+helper), Options{})
	}
	require.Empty(t, run("  select: [{podSelector: tier=a}]\n").Findings)
	all := run("  select: [{kind: Elasticsearch}]\n")
	require.NoError(t, all.Findings.Err())
	require.Len(t, all.Findings, 1)
	require.Equal(t, "Elasticsearch a spec.nodeSets[name=b].podTemplate: has no containers here, since its operator "+
		"makes the pods, so they get no sidecars; write the container there, with the name that the operator gives it, or "+
		"exclude the object", all.Findings[0].String())
	require.Error(t, run("  skips: forbidden\n  select: [{kind: Elasticsearch}]\n").Findings.Err())
}
