package rig

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const generatedJobs = `apiVersion: batch/v1
kind: Job
metadata:
  generateName: import-
  annotations:
    argocd.argoproj.io/hook: Sync
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: import
          image: import:1
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: import-}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: import
          image: import:2
          args: [--verify]
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: import-}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: import, image: import:1}]}}}
`

const otelAgents = `  select: [{name: import-.*}]
  patterns:
    - otelAgent: {endpoint: "https://otel.example.com:4317"}
    - custom:
        app: {args: [--trace], env: [{name: A, value: b}]}
        containers: [{name: other, image: "other:1"}]
`

// emittedNames are the names of the ConfigMaps of a text.
func emittedNames(t *testing.T, text string) (names []string) {
	t.Helper()
	parsed, err := manifest.Parse("", text)
	require.NoError(t, err)
	for _, o := range parsed.Objects {
		if o.Ref.Kind == "ConfigMap" {
			names = append(names, o.Ref.Name)
		}
	}
	return names
}

// Objects for a workload whose name the API server makes have the beginning of that name, and a hash of what the
// workload runs without its sidecars. Two equal workloads share one.
func TestGeneratedNames(t *testing.T) {
	conf := readSpec(t, otelAgents)
	generatedJobs := "%YAML 1.2\n---\n" + generatedJobs
	out := Run([]File{{Text: generatedJobs}}, conf, Options{})
	require.NoError(t, out.Findings.Err())
	laid := out.Files()[0].Text
	names := emittedNames(t, laid)
	require.Len(t, names, 2, "the first and the last are equal")
	require.NotEqual(t, names[0], names[1])
	for i, name := range names {
		require.Regexp(t, regexp.MustCompile(`^import-[0-9a-f]{8}-otel-agent$`), name)
		mounts := strings.Count(laid, "name: "+name+"}") + strings.Count(laid, "name: "+name+"\n") - 1
		require.Equal(t, 2-i, mounts, "pods that mount it")
	}
	require.Contains(t, out.Report[0], "Job import-: otel-agent (1 native sidecar, 1 object)")
	again := Run([]File{{Text: laid}}, conf, Options{})
	require.NoError(t, again.Findings.Err())
	require.Equal(t, laid, again.Files()[0].Text, "twice is once")
	kept := Run([]File{{Text: generatedJobs}}, conf, Options{InPlace: true})
	require.NoError(t, kept.Findings.Err())
	require.Equal(t, names, emittedNames(t, kept.Files()[0].Text))
	back, fs := Strip(kept.Files(), "")
	require.NoError(t, fs.Err())
	require.Equal(t, generatedJobs, back[0].Text)
}

// Workloads of one stem that run the same program get objects of their own where these differ: they're for other pods,
// or for another user.
func TestGeneratedNamesOfOneProgram(t *testing.T) {
	job := func(label, spec string) string {
		return "---\napiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\nspec:\n  template:\n    metadata:\n" +
			"      labels: {job: " + label + "}\n    spec:\n      restartPolicy: Never\n" + spec +
			"      containers: [{name: run, image: 'run:1', ports: [{containerPort: 8080}]}]\n"
	}
	conf := readSpec(t, "  select: [{kind: Job}]\n  patterns:\n    - tlsProxy: {mode: front, secretName: s}\n"+
		"    - vault: {address: 'https://v:8200', role: a, mountPath: /s, files: [{path: s, secret: secret/data/s}]}\n")
	for _, other := range []string{job("b", ""), job("b", "      securityContext: {runAsUser: 5}\n")} {
		out := Run([]File{{Text: job("a", "") + other}}, conf, Options{})
		require.NoError(t, out.Findings.Err())
		require.Len(t, emittedNames(t, out.Files()[0].Text), 4)
		again := Run(out.Files(), conf, Options{})
		require.Equal(t, out.Files(), again.Files())
	}
	grpc := strings.Replace(job("a", ""), "containerPort: 8080", "containerPort: 8080, name: grpc", 1)
	out := Run([]File{{Text: job("a", "") + grpc}}, conf, Options{})
	require.ErrorContains(t, out.Findings.Err(), "with other content than Job run-'s tls-proxy does; give one of them "+
		"another generateName")
}

// A document gives the same names alone as with others, which add arguments, and where a container of the workload
// itself has a name like a sidecar's.
func TestGeneratedNamesOfSeveralDocuments(t *testing.T) {
	agent := nameDocument(t, "agent", `otelAgent: {endpoint: "https://otel.example.com:4317"}`)
	args := nameDocument(t, "args", `custom: {app: {args: [--trace, "--to=http://127.0.0.1:1"]}}`)
	for _, own := range []string{"args: [--trace]", "args: [a]", "command: [run, --trace]", "env: [{name: A, value: b}]"} {
		text := "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\nspec:\n  template:\n    spec:\n" +
			"      restartPolicy: Never\n      containers:\n        - {name: run, image: 'run:1', " + own + "}\n" +
			"        - {name: otel-agent-own, image: 'own:1'}\n"
		files := []File{{Text: text}}
		both := RunAll(files, []*config.Sidecars{agent, args}, Options{})
		require.NoError(t, both.Findings.Err(), own)
		for _, order := range [][]*config.Sidecars{{agent, args, agent}, {args, agent, args, agent}} {
			piped := files
			for _, doc := range order {
				out := Run(piped, doc, Options{})
				require.NoError(t, out.Findings.Err(), own)
				piped = out.Files()
			}
			require.Equal(t, emittedNames(t, both.Files()[0].Text), emittedNames(t, piped[0].Text), own)
		}
	}
}

// A generateName that can't begin a name is refused, as the API server does.
func TestOddGeneratedNames(t *testing.T) {
	for _, stem := range []string{"Import-", "'-'", "a_b", "a..b"} {
		text := strings.ReplaceAll(generatedJobs, "generateName: import-", "generateName: "+stem)
		conf := readSpec(t, strings.Replace(otelAgents, "name: import-.*", "kind: Job", 1))
		out := Run([]File{{Text: text}}, conf, Options{})
		require.ErrorContains(t, out.Findings.Err(), "metadata.generateName: can't begin a name", stem)
	}
}

// Workloads of one name and several kinds get objects of their own. The one that counts first has its name alone, as
// without the others.
func TestNamesakes(t *testing.T) {
	workload := func(api, kind, more string) string {
		return "---\napiVersion: " + api + "\nkind: " + kind + "\nmetadata: {name: curl" + more + "}\n" +
			"spec: {template: {spec: {restartPolicy: Never, containers: [{name: curl, image: 'curl:1', env: [{name: K, value: " +
			kind + "}]}]}}}\n"
	}
	job, deployment := workload("batch/v1", "Job", ""), workload("apps/v1", "Deployment", "")
	for name, c := range map[string]struct {
		text, selects string
		want          []string
	}{
		"both":            {job + deployment, "{name: curl}", []string{"curl-job-otel-agent", "curl-otel-agent"}},
		"the other order": {deployment + job, "{name: curl}", []string{"curl-otel-agent", "curl-job-otel-agent"}},
		"one is selected": {deployment + job, "{name: curl, kind: Job}", []string{"curl-job-otel-agent"}},
		"the first alone": {deployment + job, "{name: curl, kind: Deployment}", []string{"curl-otel-agent"}},
		"not in namespaces": {deployment + workload("batch/v1", "Job", ", namespace: a"), "{name: curl}",
			[]string{"curl-otel-agent", "curl-otel-agent"}},
		"in the default namespace": {deployment + workload("batch/v1", "Job", ", namespace: default"), "{name: curl}",
			[]string{"curl-otel-agent", "curl-job-otel-agent"}},
		"a Service has no pods": {job + "---\napiVersion: v1\nkind: Service\nmetadata: {name: curl}\nspec: {}\n",
			"{name: curl}", []string{"curl-otel-agent"}},
	} {
		conf := readSpec(t, "  select: ["+c.selects+"]\n  patterns:\n"+
			"    - otelAgent: {endpoint: 'https://otel.example.com:4317'}\n")
		out := Run([]File{{Text: c.text}}, conf, Options{})
		require.NoError(t, out.Findings.Err(), name)
		laid := out.Files()[0].Text
		require.ElementsMatch(t, c.want, emittedNames(t, laid), name)
		again := Run([]File{{Text: laid}}, conf, Options{})
		require.Equal(t, laid, again.Files()[0].Text, name)
	}
}

// A patch of a kustomization isn't a workload, so it's no namesake of one.
func TestPatchesAreNoNamesakes(t *testing.T) {
	job := strings.NewReplacer("apps/v1", "batch/v1", "Deployment", "Job").Replace(deployment("web", ""))
	out := Run([]File{
		{"base/kustomization.yaml", "resources: [job.yaml]\npatches: [{path: patch.yaml}]\n"},
		{"base/job.yaml", job},
		{"base/patch.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n" +
			"      containers: [{name: app, env: [{name: A, value: b}]}]\n"},
	}, readSpec(t, "  select: [{kind: Job}]\n  patterns: [{otelAgent: {endpoint: 'https://otel.example.com:4317'}}]\n"),
		Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	require.Equal(t, []string{"web-otel-agent"}, emittedNames(t, out.Files()[1].Text))
}

// Each of two documents may serve one of them, in runs of their own, in any order.
func TestNamesakesOfTwoDocuments(t *testing.T) {
	toJob := strings.NewReplacer("apps/v1", "batch/v1", "Deployment", "Job", "name: app", "name: c")
	text := deployment("curl", "") + toJob.Replace(deployment("curl", ""))
	agent := `otelAgent: {endpoint: "https://otel.example.com:4317"}`
	jobs := nameDocument(t, "jobs", agent)
	deployments := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n    - "+agent+"\n")
	files := []File{{"curl.yaml", text}}
	lay := func(files []File, docs ...*config.Sidecars) []File {
		t.Helper()
		out := RunAll(files, docs, Options{InPlace: true})
		require.NoError(t, out.Findings.Err())
		return out.Files()
	}
	both := lay(files, jobs, deployments)
	require.Equal(t, both, lay(both, jobs))
	require.Equal(t, both, lay(both, deployments))
	require.Equal(t, both, lay(lay(files, deployments), jobs))
	alone, fs := Strip(both, "jobs")
	require.NoError(t, fs.Err())
	require.Equal(t, lay(files, deployments), alone)
	piped := Run(Run(files, jobs, Options{}).Files(), deployments, Options{})
	require.NoError(t, piped.Findings.Err())
	require.ElementsMatch(t, []string{"curl-job-otel-agent", "curl-otel-agent"}, emittedNames(t, piped.Files()[0].Text))
}

// A name that begins with a long text is cut, and keeps its hash.
func TestLongGeneratedStems(t *testing.T) {
	stem := sidecar.GeneratedStem(strings.Repeat("a", 300), "x")
	require.Len(t, stem, 242)
	require.NotEqual(t, stem, sidecar.GeneratedStem(strings.Repeat("a", 300), "y"))
	require.Equal(t, "ab", sidecar.GeneratedStem("ab-", "x")[:2])
}
