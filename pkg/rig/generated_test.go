package rig

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// nameDocument reads a document with a name and one pattern for all Jobs.
func nameDocument(t *testing.T, name, pattern string) *config.Sidecars {
	t.Helper()
	doc := readSpec(t, "  select: [{kind: Job}]\n  patterns:\n    - "+pattern+"\n")
	doc.Metadata.Name = name
	return doc
}

// Workloads whose names the API server makes of one stem are told apart: each remembers the documents of its own, of
// which any may run alone.
func TestGeneratedWorkloadsRemember(t *testing.T) {
	job := func(arg string) string {
		return "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: import-}\nspec:\n  template:\n" +
			"    metadata: {labels: {app: import}}\n    spec:\n      restartPolicy: Never\n      containers:\n" +
			"        - name: import\n          image: import:1\n          args: [" + arg + "]\n" +
			"          ports: [{containerPort: 8080, name: http}]\n"
	}
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: import}\nspec:\n  selector: {app: import}\n" +
		"  ports: [{port: 80, targetPort: http}]\n"
	agent := nameDocument(t, "agent", `otelAgent: {endpoint: "https://otel.example.com:4317"}`)
	proxy := nameDocument(t, "proxy",
		`tlsProxy: {port: 8080, secretName: s, rebind: {port: 8081, env: {LISTEN: "127.0.0.1:8081"}}}`)
	for name, files := range map[string][]File{
		"different": {{"a.yaml", job("--all") + "---\n" + job("--some") + "---\n" + service}},
		"equal":     {{"a.yaml", job("--all") + "---\n" + service + "---\n" + job("--all")}},
		"and a name": {{"a.yaml", strings.Replace(job("--all"), "import-", "import", 1) + "---\n" + service + "---\n" +
			strings.Replace(job("--all"), "generateName: import-", "name: import", 1)}},
		"two files": {{"a.yaml", job("--all")}, {"b.yaml", service + "---\n" + job("--some")}},
	} {
		lay := func(files []File, docs ...*config.Sidecars) []File {
			t.Helper()
			out := RunAll(files, docs, Options{InPlace: true})
			require.NoError(t, out.Findings.Err(), name)
			return out.Files()
		}
		both := lay(files, agent, proxy)
		require.Equal(t, both, lay(both, agent), name)
		require.Equal(t, both, lay(both, proxy), name)
		require.Equal(t, both, lay(lay(files, agent), proxy), name)
		require.Equal(t, both, lay(lay(files, proxy), agent), name)
		alone, fs := Strip(both, "agent")
		require.NoError(t, fs.Err(), name)
		require.Equal(t, lay(files, proxy), alone, name)
		back, fs := Strip(both, "")
		require.NoError(t, fs.Err(), name)
		require.Equal(t, files, back, name)
	}
}

// A finding about one of them has its place.
func TestFindingsOfGeneratedWorkloads(t *testing.T) {
	env := "args: [--verify]\n          env: [{name: A, value: c}]"
	second := strings.Replace(generatedJobs, "args: [--verify]", env, 1)
	out := Run([]File{{Name: "jobs.yaml", Text: second}}, readSpec(t, otelAgents), Options{})
	isConflict := func(f sidecar.Finding) bool { return f.Code == "conflict" }
	f := out.Findings[slices.IndexFunc(out.Findings, isConflict)]
	require.Equal(t, 26, f.Line)
	require.Equal(t, sidecar.Ref{Group: "batch", Kind: "Job", Name: "import-", Nth: 2}, f.Object)
}
