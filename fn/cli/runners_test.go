package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sectionOf returns a section of a page, and fails if there is none.
func sectionOf(t *testing.T, page, title string) string {
	t.Helper()
	_, section, found := strings.Cut(text(t, page), "\n## "+title+"\n")
	require.True(t, found, "%s has no section %s", page, title)
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// noCluster replaces what asks a cluster by what shows what it would get.
var noCluster = strings.NewReplacer("kubectl apply -k ", "kubectl kustomize ", "| kubectl apply -f -", "")

// follow copies the files of a section and types its commands, each of which has a check of what it prints.
func (r *reader) follow(t *testing.T, section string, checks map[string]func(out string)) {
	t.Helper()
	for _, fence := range fences.FindAllStringSubmatch(section, -1) {
		switch fence[1] {
		case "text": // what a program prints
			continue
		case "yaml":
			r.copyFile(t, fence[2])
			continue
		}
		for command := range strings.Lines(strings.ReplaceAll(fence[2], "\\\n", "")) {
			if why := whyUntested(command); why != "" {
				fmt.Fprintf(os.Stderr, "%s: NOT TESTED: %s: %s", t.Name(), why, command)
				forget(t, checks, command)
				continue
			}
			out := r.enter(t, noCluster.Replace(strings.TrimSuffix(command, "\n")))
			forget(t, checks, command)(out)
		}
	}
	require.Empty(t, checks, "the section hasn't these commands any more")
}

const runnersPage = "../../docs/runners.md"

// typed are the tests that type the commands of a section.
var typed = map[string]string{
	"Argo CD":                "fn/cli/runners_test.go: func TestQuickStartArgoCD(",
	"Helm 3":                 "e2e/runners/helm_docs_test.go: func TestHelmQuickStarts(",
	"Helm 4":                 "e2e/runners/helm_docs_test.go: func TestHelmQuickStarts(",
	"Without functions":      "fn/cli/runners_test.go: func TestQuickStartEject(",
	"Flux":                   "fn/cli/runners_test.go: func TestQuickStartFlux(",
	"A guard in the cluster": "fn/cli/policy_test.go: func TestPolicyPage(",
}

// Every section with commands has a test that types them.
func TestRunnersPageIsTyped(t *testing.T) {
	sections := strings.Split(text(t, runnersPage), "\n## ")
	require.Greater(t, len(sections), len(typed))
	for _, section := range sections {
		title, body, _ := strings.Cut(section, "\n")
		if !strings.Contains(body, "\n```sh\n") {
			require.NotContains(t, typed, title)
			continue
		}
		file, test, found := strings.Cut(typed[title], ": ")
		require.True(t, found, "no test types the commands of %s in %s", title, runnersPage)
		require.Contains(t, text(t, "../../"+file), "\n"+test)
	}
}

func nothing(string) {}

// Argo CD gets the sidecar of the plugin, with the image of the reader, and the app its own.
func TestQuickStartArgoCD(t *testing.T) {
	r := newReader(t)
	r.follow(t, sectionOf(t, runnersPage, "Argo CD"), map[string]func(string){
		"mkdir ../deploy": nothing,
		"cp -r examples/argocd/repo-server": func(string) {
			theirs := text(t, "../../e2e/argocd/testdata/argo-cd.yaml") // parts of Argo CD's own manifests
			require.NoError(t, os.WriteFile(filepath.Join(r.dir, "install.yaml"), []byte(theirs), 0o600))
		},
		"(cd search": func(out string) {
			require.Contains(t, out, "- name: tls-proxy\n")
			require.Contains(t, out, "kind: ConfigMap\n")
		},
		"kubectl apply -k .": func(out string) {
			require.Contains(t, out, "image: registry.example.com/outrigger-argocd:1\n")
			require.Contains(t, out, "- /var/run/argocd/argocd-cmp-server\n")
		},
	})
}

// Whoever ejects gets from kubectl without flags what the function gives, in the namespace of the reader.
func TestQuickStartEject(t *testing.T) {
	r := newReader(t)
	r.follow(t, sectionOf(t, runnersPage, "Without functions"), map[string]func(string){
		"cp -r examples/elasticsearch-tls":                                                nothing,
		"kubectl kustomize base | outrigger eject -c sidecars/sidecars.yaml -o ejected\n": nothing,
		"kubectl apply -k plain": func(out string) {
			function := strings.Replace(r.read(t, "plain/kustomization.yaml"), "../ejected", "../sidecars", 1)
			require.NoError(t, os.Mkdir(filepath.Join(r.dir, "with"), 0o750))
			require.NoError(t, os.WriteFile(filepath.Join(r.dir, "with/kustomization.yaml"), []byte(function), 0o600))
			require.Equal(t, decodeStream(t, kustomize(t, filepath.Join(r.dir, "with"))), decodeStream(t, out))
		},
		"kubectl kustomize base | outrigger eject -c sidecars/sidecars.yaml -o ejected --check": func(out string) {
			require.Empty(t, out)
		},
	})
}

// What is rendered for Flux in CI has the sidecars.
func TestQuickStartFlux(t *testing.T) {
	r := newReader(t)
	r.follow(t, sectionOf(t, runnersPage, "Flux"), map[string]func(string){
		"mkdir ../flux":  nothing,
		"mkdir rendered": nothing,
		"outrigger run": func(string) {
			require.Contains(t, r.read(t, "rendered/search.yaml"), "- name: tls-proxy\n")
		},
		"flux push": nothing,
	})
}

// The table of Kubernetes' versions is what outrigger makes of documents for them.
func TestOldestKubernetes(t *testing.T) {
	const example = "../../examples/elasticsearch-tls/"
	render := func(version, more string) (code int, out, stderr string) {
		document := strings.Replace(text(t, example+"sidecars/sidecars.yaml"), "spec:\n",
			"spec:\n  kubernetesVersion: \""+version+"\"\n", 1)
		document = strings.Replace(document, "    - tlsProxy:\n", more+"      tlsProxy:\n", 1)
		return call("", "inject", "-c", file(t, "sidecars.yaml", document), example+"base/elasticsearch.yaml")
	}
	const native, beside = "    - placement: native\n", "    - placement: beside\n"
	_, newest, _ := call("", "inject", "-c", example+"sidecars/sidecars.yaml", example+"base/elasticsearch.yaml")
	rows := regexp.MustCompile(`(?m)^\| (1\.\d+)`).FindAllStringSubmatch(sectionOf(t, runnersPage, "Which Kubernetes"), -1)
	var versions []string
	for _, row := range rows {
		versions = append(versions, row[1])
	}
	require.Equal(t, []string{"1.33", "1.30", "1.29", "1.28", "1.36"}, versions)
	for _, version := range []string{"1.33", "1.30"} {
		code, out, stderr := render(version, native)
		require.Zero(t, code, stderr)
		require.NotContains(t, stderr, "warning")
		require.Equal(t, newest, out, version)
	}
	code, _, stderr := render("1.29", native)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "warning[prestop-missing]: ")
	code, _, stderr = render("1.28", native)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "native sidecars need Kubernetes 1.29")
	require.Contains(t, stderr, "use placement beside")
	code, out, stderr := render("1.28", beside)
	require.Zero(t, code, stderr)
	require.NotContains(t, out, "initContainers:")

	agent := strings.Replace(text(t, "../../examples/java-agent/sidecars/sidecars.yaml"), "javaAgent:\n",
		"javaAgent:\n        imageVolume: true\n", 1)
	base := "../../examples/java-agent/base/orders.yaml"
	code, _, stderr = call("", "inject", "-c", file(t, "sidecars.yaml", agent), base)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, `raise spec.kubernetesVersion to "1.36"`)
	agent = strings.Replace(agent, "spec:\n", "spec:\n  kubernetesVersion: \"1.36\"\n", 1)
	code, _, stderr = call("", "inject", "-c", file(t, "sidecars.yaml", agent), base)
	require.Zero(t, code, stderr)
}
