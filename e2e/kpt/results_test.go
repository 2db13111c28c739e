package kpt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// readResults reads what kpt writes with --results-dir, of all functions.
func readResults(t *testing.T, text string) (all framework.Results) {
	t.Helper()
	var list struct {
		Items []struct {
			Results framework.Results `yaml:"results"`
		} `yaml:"items"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(text), &list))
	for _, item := range list.Items {
		all = append(all, item.Results...)
	}
	return all
}

// requireServed checks that one result tells of each workload, and where it is, and that no result is about a file
// that isn't there.
func requireServed(t *testing.T, results string, files map[string]string) {
	t.Helper()
	served := map[string]bool{}
	for _, r := range readResults(t, results) {
		require.NotEmpty(t, r.Message)
		require.NotContains(t, r.Message, "\n")
		require.NotEmpty(t, r.Severity, r.Message)
		require.NotNil(t, r.ResourceRef, r.Message)
		require.NotNil(t, r.File, r.Message)
		require.Contains(t, files[r.File.Path], "name: "+r.ResourceRef.Name+"\n", r.Message)
		if r.Tags["code"] != "added" {
			continue
		}
		require.True(t, strings.HasPrefix(r.Message, "added "), r.Message)
		require.NotEmpty(t, r.ResourceRef.APIVersion)
		require.True(t, strings.HasSuffix(r.Field.Path, "spec"), "the pod's: %s", r.Field.Path)
		workload := r.ResourceRef.Kind + " " + r.ResourceRef.Namespace + "/" + r.ResourceRef.Name
		require.False(t, served[workload], workload)
		served[workload] = true
	}
	require.NotEmpty(t, served)
}

// What documents and manifests hold stays there: neither results nor what kpt prints, which are kept in Git and logs,
// have a value of a variable, whether the render works or not.
func TestSecrets(t *testing.T) { made.EachKpt(t, checkSecrets) }

func checkSecrets(t *testing.T) {
	t.Helper()
	const secret = "hunter2"
	const logs = `pattern: logTail, directory: /var/log, files: a.log, kind: Deployment, name: web`
	proxy := `pattern: tlsProxy, port: "8080", secretName: tls, kind: Deployment, name: web, rebind.port: "8081", ` +
		`rebind.env.LISTEN: `
	for name, c := range map[string]struct {
		entry string
		works bool
	}{
		"a value that is laid on":       {proxy + secret, true},
		"a value that is in the way":    {proxy + "127.0.0.1", false},
		"a value of an unknown field":   {proxy + "x, password: " + secret, false},
		"a value that isn't valid":      {logs + ", user: " + secret, false},
		"a value beside what is served": {logs, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := makeFlatPackage(t, c.entry)
			if name != "a value that is laid on" {
				writeFile(t, dir+"/web.yaml", strings.Replace(web, "image: web:1 # pinned",
					"image: web:1\n          env: [{name: LISTEN, value: "+secret+"}]", 1))
			}
			results := t.TempDir()
			out, said, ok := runKpt(t, "", "fn", "render", dir, "--allow-exec", "--truncate-output=false",
				"--results-dir", results)
			require.Equal(t, c.works, ok, said)
			require.NotContains(t, out+said, secret)
			require.NotContains(t, readFile(t, results+"/results.yaml"), secret)
			_, status, _ := strings.Cut(readFile(t, dir+"/Kptfile"), "\nstatus:\n")
			require.NotContains(t, status, secret)
		})
	}
}
