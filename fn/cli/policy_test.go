package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// policyOf runs the command as a process over manifests.
func policyOf(t *testing.T, document, manifests string, args ...string) (code int, out, stderr string) {
	t.Helper()
	cmd := exec.Command("outrigger", append([]string{"policy", "-c", file(t, "sidecars.yaml", document)}, args...)...)
	var errs strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(manifests), &errs
	text, _ := cmd.Output()
	return cmd.ProcessState.ExitCode(), string(text), errs.String()
}

// Manifests with and without their sidecars give the same policies; the report and notes go to standard error.
func TestPolicy(t *testing.T) {
	code, out, stderr := policyOf(t, sidecars, web)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "Deployment web: tls-proxy")
	require.Contains(t, stderr, "note: the manifests have no namespace, so workloads of these names are judged in "+
		"every one\n  hint: name it with --namespace\n")
	require.Equal(t, 2, strings.Count(out, "\nkind: ValidatingAdmissionPolicy\n"))
	require.Equal(t, 2, strings.Count(out, "\nkind: ValidatingAdmissionPolicyBinding\n"))
	require.Contains(t, out, `"Deployment/web"`)
	require.NotContains(t, out, "namespaceSelector")
	_, head, _ := strings.Cut(out, "\n") // the command line has another file

	code, built, stderr := call(web, "inject", "-c", file(t, "sidecars.yaml", sidecars))
	require.Zero(t, code, stderr)
	_, again, stderr := policyOf(t, sidecars, built)
	require.Equal(t, head, again[strings.Index(again, "\n")+1:], stderr)

	code, out, stderr = policyOf(t, sidecars, web, "-q", "--namespace", "shop")
	require.Zero(t, code)
	require.Empty(t, stderr)
	require.Contains(t, out, "name: outrigger-shop-search-workloads\n")
	require.Contains(t, out, "values:\n            - shop\n")
	require.Contains(t, out, `request.namespace == "shop"`)
}

// Files that are written back remember what was laid on them.
func TestPolicyOfRecorded(t *testing.T) {
	document, manifests := file(t, "sidecars.yaml", sidecars), file(t, "web.yaml", web)
	code, _, stderr := call("", "inject", "-c", document, "-w", manifests)
	require.Zero(t, code, stderr)
	before := text(t, manifests)
	require.Contains(t, before, "outrigger.dev/applied")
	code, out, stderr := call("", "policy", "-c", document, manifests)
	require.Zero(t, code, stderr)
	require.Contains(t, out, `"name": "tls-proxy"`)
	require.Equal(t, before, text(t, manifests))
}

// What an overlay does after the function is said with flags.
func TestPolicyOfOverlay(t *testing.T) {
	code, out, stderr := policyOf(t, sidecars, web, "--name", "mine", "--name-prefix", "prod-", "--name-suffix", "-v2",
		"--image", "docker.io/nginxinc/nginx-unprivileged:1=registry.example.com:5000/nginx:7", "--hint", `Ask "us"`,
		"--only", "workloads")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "# Written by: outrigger policy -c ")
	require.Contains(t, out, " --name mine --name-prefix prod- --name-suffix -v2 --image ")
	require.Contains(t, out, "name: mine-workloads\n")
	require.NotContains(t, out, "mine-pods")
	require.Contains(t, out, `["Deployment/prod-web-v2"]`)
	require.Contains(t, out, `"image": "registry.example.com:5000/nginx"`)
	require.Contains(t, out, `". Ask \"us\""`)

	code, out, stderr = policyOf(t, sidecars, web, "--image", "nginx=mirror/nginx")
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, stderr, "no sidecar has the image nginx")
	for _, args := range [][]string{{"--image", "nginx"}, {"--name", "No"}, {"--namespace", "a.b"}, {"--only", "jobs"},
		{"--name-prefix", "-x"}, {"--name-suffix", "x-"}} {
		code, out, stderr = policyOf(t, sidecars, web, args...)
		require.Equal(t, exitMisuse, code, args)
		require.Empty(t, out)
		require.Contains(t, stderr, args[0])
	}
	code, _, stderr = call(web, "policy")
	require.Equal(t, exitMisuse, code)
	require.Contains(t, stderr, "no Sidecars document is given")
}

// Where something is wrong, nothing is written.
func TestPolicyFindings(t *testing.T) {
	code, out, stderr := policyOf(t, sidecars, strings.ReplaceAll(web, "name: web", "name: shop"))
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, stderr, "selects no workload")

	old := strings.Replace(sidecars, "spec:\n", "spec:\n  kubernetesVersion: \"1.29\"\n", 1)
	code, _, stderr = policyOf(t, old, web)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "spec.kubernetesVersion: is 1.29, and policies need Kubernetes 1.30")
	code, out, stderr = policyOf(t, old, web, "--warnings=error")
	require.Equal(t, exitFailed, code, stderr)
	require.Empty(t, out)

	bare := strings.Replace(sidecars, "  patterns:\n", "  patterns:\n    - sysctl: {sysctls: "+
		"[{name: net.ipv4.tcp_keepalive_time, value: \"300\"}]}\n", 1)
	code, _, stderr = policyOf(t, bare, web)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "Deployment web: gets no container of sysctl, so no policy demands that")
}

// A workload whose name the API server makes is known by what it begins with, and each has what it got itself.
func TestPolicyOfGeneratedNames(t *testing.T) {
	job := func(image string) string {
		return "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\nspec:\n  template:\n    spec:\n" +
			"      restartPolicy: Never\n      containers:\n        - {name: run, image: \"" + image + "\", ports: " +
			"[{containerPort: 8080}]}\n"
	}
	jobs := strings.Replace(sidecars, "kind: Deployment, name: web", "kind: Job", 1)
	code, out, stderr := policyOf(t, jobs, job("run:1")+"---\n"+job("run:2"))
	require.Zero(t, code, stderr)
	require.Contains(t, out, `(object.kind + "/" + object.metadata.?generateName.orValue("")) in ["Job/run-"]`)
	skips := strings.Replace(job("run:2"), "{generateName: run-}",
		"{generateName: run-, annotations: {outrigger.dev/skip: \"*\"}}", 1)
	code, _, stderr = policyOf(t, jobs, job("run:1")+"---\n"+skips)
	require.NotZero(t, code)
	require.Contains(t, stderr, "Job run-: has the generateName of another one with other sidecars")
}

// An opt-out among the manifests is an error with --forbid-skip, and without it counts where a rule sees it.
func TestPolicyForbidSkip(t *testing.T) {
	two := web + "---\n" + strings.ReplaceAll(web, "name: web", "name: other")
	skipped := strings.Replace(two, "  name: other\n", "  name: other\n  annotations: {outrigger.dev/skip: \"*\"}\n", 1)
	require.NotEqual(t, two, skipped)
	both := strings.Replace(sidecars, "name: web}", "name: web|other}", 1)
	code, out, stderr := policyOf(t, both, skipped)
	require.Zero(t, code, stderr)
	require.Contains(t, out, `["Deployment/web"]`)
	require.Contains(t, out, `"optOut": "tls-proxy"`)

	code, out, stderr = policyOf(t, both, skipped, "--forbid-skip")
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, stderr, "Deployment other")
	code, out, stderr = policyOf(t, both, two, "--forbid-skip")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "\"Deployment/web\"")
	require.NotContains(t, out, `"optOut": "tls-proxy"`)
	require.NotContains(t, out, "outrigger.dev/skip")
}

// Several documents are one in the policies, as in the result.
func TestPolicyOfSeveralDocuments(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tls.yaml"), []byte(sidecars), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "agents.yaml"), []byte(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: agents}
spec:
  select: [{kind: Deployment, labelSelector: "app"}, {name: web}]
  patterns:
  - name: agent
    required: true
    custom: {containers: [{name: agent, image: "example.com/agent:1"}]}
`), 0o600))
	code, out, stderr := call(web, "policy", "-c", dir)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "name: outrigger-agents-search-workloads\n")
	require.Contains(t, out, `"name": "tls-proxy"`)
	require.Contains(t, out, `"name": "agent"`)
	require.Contains(t, out, `"optOut": ""`, "the entry is required")
	require.Contains(t, out, `"app" in object.metadata.?labels.orValue({})`)
}

// The commands of the page are typed.
func TestPolicyPage(t *testing.T) {
	page := text(t, "../../docs/runners.md")
	_, section, found := strings.Cut(page, "\n## A guard in the cluster\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../examples/elasticsearch-tls")))
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1)
	require.NotEmpty(t, blocks)
	commands := 0
	for _, block := range blocks {
		for line := range strings.Lines(block[1]) {
			if strings.HasPrefix(line, "kubectl apply") {
				continue // e2e/cluster does
			}
			commands++
			(&reader{dir}).enter(t, strings.Replace(line, "kubectl kustomize", "kustomize build", 1))
		}
	}
	require.Positive(t, commands)
	require.Contains(t, text(t, filepath.Join(dir, "policy.yaml")), `["Deployment/prod-elasticsearch"]`)
}

// An overlay's namespace replaces that of the manifests, so what a document excludes by namespace is judged by theirs.
func TestPolicyExcludesNamespace(t *testing.T) {
	document := strings.Replace(sidecars, "[{kind: Deployment, name: web}]",
		"[{podSelector: app}]\n  exclude: [{namespace: kube-system}]", 1)
	require.Contains(t, document, "exclude:")
	code, out, stderr := policyOf(t, document, web, "--namespace", "shop")
	require.Zero(t, code, stderr)
	require.Contains(t, out, `"app" in `, "others with the label are judged")
	require.NotContains(t, out, "!(true")

	code, out, stderr = policyOf(t, document, web)
	require.Zero(t, code, stderr)
	require.Contains(t, out, `request.namespace.matches("^(?:kube-system)$")`)
}

// The API server shows no message that has a line break.
func TestPolicyHintOfOneLine(t *testing.T) {
	for _, text := range []string{"one\ntwo", "one\r\ntwo"} {
		code, out, stderr := policyOf(t, sidecars, web, "--hint", text)
		require.Equal(t, exitMisuse, code)
		require.Empty(t, out)
		require.Contains(t, stderr, "--hint: a message of the API server can't have several lines\n  hint: write one line\n")
	}
}
