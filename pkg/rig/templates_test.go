package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Custom resources that people have get sidecars in the pod template that outrigger knows of. Others are named, and so
// are those in lists: none is passed over in silence.
func TestCustomTemplates(t *testing.T) {
	const template = "{spec: {containers: [{name: app, image: app:1}]}}"
	for name, c := range map[string]struct {
		group, kind, spec string
		served            string   // path of the template with the sidecar
		without           []string // paths of others
	}{
		"Volcano": {"batch.volcano.sh", "Job", "tasks: [{name: a, template: %}, {name: b, template: %}]", "",
			[]string{"spec.tasks[*].template"}},
		"Ray": {"ray.io", "RayService", "rayClusterConfig: {headGroupSpec: {template: %}, workerGroupSpecs: " +
			"[{groupName: a, template: %}]}", "rayClusterConfig: {headGroupSpec: {template",
			[]string{"spec.rayClusterConfig.workerGroupSpecs[*].template"}},
		"JobSet": {"jobset.x-k8s.io", "JobSet", "replicatedJobs: [{name: a, template: {spec: {template: %}}}]", "",
			[]string{"spec.replicatedJobs[*].template.spec.template"}},
		"LeaderWorkerSet": {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", "leaderWorkerTemplate: {workerTemplate: %}",
			"leaderWorkerTemplate: {workerTemplate", nil},
		"LeaderWorkerSet with a leader": {"leaderworkerset.x-k8s.io", "LeaderWorkerSet",
			"leaderWorkerTemplate: {leaderTemplate: %, workerTemplate: %}", "leaderWorkerTemplate: {leaderTemplate",
			[]string{"spec.leaderWorkerTemplate.workerTemplate"}},
		"Kibana": {"kibana.k8s.elastic.co", "Kibana", "podTemplate: %", "podTemplate", nil},
		"Beat":   {"beat.k8s.elastic.co", "Beat", "daemonSet: {podTemplate: %}", "daemonSet: {podTemplate", nil},
		"Elasticsearch": {"elasticsearch.k8s.elastic.co", "Elasticsearch", "nodeSets: [{name: a, podTemplate: %}]", "",
			[]string{"spec.nodeSets[*].podTemplate"}},
		"MPIJob": {"kubeflow.org", "MPIJob", "mpiReplicaSpecs: {Launcher: {template: %}, Worker: {template: %}}",
			"mpiReplicaSpecs: {Launcher: {template", []string{"spec.mpiReplicaSpecs.Worker.template"}},
		"Experiment": {"argoproj.io", "Experiment", "templates: [{name: a, template: %}]", "",
			[]string{"spec.templates[*].template"}},
		"AnalysisTemplate": {"argoproj.io", "AnalysisTemplate",
			"metrics: [{name: a, provider: {job: {spec: {template: %}}}}]", "",
			[]string{"spec.metrics[*].provider.job.spec.template"}},
		"Notebook":             {"kubeflow.org", "Notebook", "template: %", "template", nil},
		"AutoscalingRunnerSet": {"actions.github.com", "AutoscalingRunnerSet", "template: %", "template", nil},
		"somebody's own":       {"example.com", "Crew", "sailors: {pod: %}", "", []string{"spec.sailors.pod"}},
		"a policy":             {"kyverno.io", "ClusterPolicy", "rules: [{validate: {pattern: %}}]", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: " + c.group + "/v1\nkind: " + c.kind + "\nmetadata: {name: a}\nspec: {" +
				strings.ReplaceAll(c.spec, "%", template) + "}\n---\n" + deployment("web", "")
			out := Run([]File{{Text: text}}, readSpec(t, "  select: [{name: .*}]\n  patterns:\n"+helper), Options{})
			require.NoError(t, out.Findings.Err())
			var without []string
			for _, f := range out.Findings {
				require.Equal(t, sidecar.Warning, f.Severity)
				require.Contains(t, []string{"template-unreached", "template-several"}, f.Code)
				without = append(without, f.Field)
			}
			require.Equal(t, c.without, without)
			written := out.Files()[0].Text
			custom, _, _ := strings.Cut(written, "\n---\n")
			require.Equal(t, c.served != "", strings.Contains(custom, "helper:1"))
			if c.served != "" {
				require.Regexp(t, "spec: {"+strings.ReplaceAll(c.served, "{", "\\{")+": {spec: {[^%]*helper:1", custom)
			}
			again := Run(out.Files(), readSpec(t, "  select: [{name: .*}]\n  patterns:\n"+helper), Options{})
			require.Equal(t, written, again.Files()[0].Text)
		})
	}
}

// Whoever forbids skips gets an error of a template that isn't reached, and whoever selects its kind a warning.
func TestUnreachedTemplates(t *testing.T) {
	text := "apiVersion: batch.volcano.sh/v1\nkind: Job\nmetadata: {name: a}\nspec: {tasks: [{template: {spec: " +
		"{containers: [{name: app, image: app:1}]}}}]}\n---\n" + deployment("web", "")
	run := func(more string) sidecar.Findings {
		spec := "  select: [{kind: Job|Deployment}]\n  patterns:\n" + helper + more
		return Run([]File{{Text: text}}, readSpec(t, spec), Options{}).Findings
	}
	require.NoError(t, run("").Err())
	require.Len(t, run(""), 1)
	require.Equal(t, "Job a spec.tasks[*].template: is a pod template where outrigger doesn't look, so it gets no "+
		"sidecars; exclude the object, as outrigger doesn't reach templates in lists", run("")[0].String())
	require.Error(t, run("  skips: forbidden\n").Err())
}
