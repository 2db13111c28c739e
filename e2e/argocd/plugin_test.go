package argocd

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// buildEnv is what the repo-server passes of an application, before its own variables (util/env, v3.5.1).
var buildEnv = []string{
	"ARGOCD_APP_NAME=search", "ARGOCD_APP_NAMESPACE=search", "ARGOCD_APP_REVISION=4f3c2a1", "ARGOCD_APP_SOURCE_PATH=app",
	"ARGOCD_APP_PARAMETERS=[]", "KUBE_VERSION=1.33.1", "KUBE_API_VERSIONS=v1,apps/v1",
}

// copyApp copies the example's folder as a repository, whose app is the folder app.
func copyApp(t *testing.T) (repository string) {
	t.Helper()
	repository = t.TempDir()
	require.NoError(t, os.CopyFS(repository, os.DirFS(findFile(t, example))))
	return repository
}

// edit replaces a text in a file of the app.
func edit(t *testing.T, repository, name, old, text string) {
	t.Helper()
	path := filepath.Join(repository, "app", name)
	require.Contains(t, readFile(t, path), old)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(readFile(t, path), old, text)), 0o644))
}

// Discovery finds the apps that a plugin is for, and no others.
func TestDiscovery(t *testing.T) {
	app, platform := startServer(t, "app", ""), startServer(t, "platform", "")
	both := startServer(t, "both", "")
	repository := copyApp(t)
	for _, s := range []*server{app, platform, both} {
		require.True(t, s.matchRepository(t, repository, "app"), s.Metadata.Name)
		require.False(t, s.matchRepository(t, repository, "."), s.Metadata.Name)
	}
	require.NoError(t, os.Remove(filepath.Join(repository, "app/sidecars.yaml")))
	require.False(t, app.matchRepository(t, repository, "app"))
	require.False(t, both.matchRepository(t, repository, "app"))
	was := filepath.Join(repository, "app/kustomization.yaml")
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		now := filepath.Join(repository, "app", name)
		require.NoError(t, os.Rename(was, now))
		require.True(t, platform.matchRepository(t, repository, "app"), name)
		was = now
	}
	require.NoError(t, os.Remove(was))
	require.False(t, platform.matchRepository(t, repository, "app"))
}

// Each plugin adds the sidecars of its documents. It gives the same each time, wherever the files are and whatever the
// revision is.
func TestGenerate(t *testing.T) {
	for stage, c := range map[string]struct {
		documents []string
		sidecars  map[string]string // and what one of their arguments or ports is
	}{
		"app":      {[]string{"app/sidecars.yaml"}, map[string]string{"tls-proxy": "9200"}},
		"platform": {[]string{"platform/sidecars.yaml"}, map[string]string{"exporter": "--es.uri=http://127.0.0.1:9200"}},
		"both": {[]string{"app/sidecars.yaml", "platform/sidecars.yaml"},
			map[string]string{"tls-proxy": "9200", "exporter": "--es.uri=http://127.0.0.1:9201"}},
	} {
		t.Run(stage, func(t *testing.T) {
			s, repository := startServer(t, stage, ""), copyApp(t)
			objects, err := s.generateManifest(t, repository, "app", buildEnv...)
			require.NoError(t, err)
			require.Equal(t, c.sidecars, findSidecars(t, objects))

			same, err := s.generateManifest(t, repository, "app", "ARGOCD_APP_REVISION=0000000", "KUBE_VERSION=1.34.0")
			require.NoError(t, err)
			require.Equal(t, objects, same)

			var flags []string
			for _, document := range c.documents {
				flags = append(flags, "-c", filepath.Join(repository, document))
			}
			built := program.Output(t, "", pod.Built()+"/kustomize", "build", filepath.Join(repository, "app"))
			piped := program.Output(t, built, pod.Built()+"/outrigger", append([]string{"inject"}, flags...)...)
			same, err = splitObjects(piped)
			require.NoError(t, err)
			require.Equal(t, trimTexts(objects), trimTexts(same), "a pipe gives the same")
		})
	}
}

// The plugin writes nothing, and needs no folder in which it may write. The stand-in alone can show that, as the server
// has a folder of its own for each request.
func TestNothingIsWritten(t *testing.T) {
	s, repository := startServer(t, "both", ""), copyApp(t)
	open := filepath.Join(s.receive(t, repository), "app")
	before := listFiles(t, open)
	objects, err := s.generateIn(t.Context(), t, open, buildEnv)
	require.NoError(t, err)
	require.Equal(t, before, listFiles(t, open))

	closed := s.receive(t, repository)
	out, err := exec.Command("chown", "-R", "0:0", closed).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.Chmod(closed, 0o755))
	same, err := s.generateIn(t.Context(), t, filepath.Join(closed, "app"), buildEnv)
	require.NoError(t, err, "the folder is root's")
	require.Equal(t, objects, same)
}

// findSidecars returns the sidecars of the only Deployment, and the argument or the port of each.
func findSidecars(t *testing.T, objects []string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, object := range objects {
		var d appsv1.Deployment
		require.NoError(t, json.Unmarshal([]byte(object), &d))
		if d.Kind != "Deployment" {
			continue
		}
		require.Equal(t, "search/prod-elasticsearch", d.Namespace+"/"+d.Name)
		for _, c := range d.Spec.Template.Spec.InitContainers {
			if len(c.Args) > 0 {
				found[c.Name] = c.Args[0]
			} else {
				found[c.Name] = strconv.Itoa(int(c.Ports[0].ContainerPort))
			}
		}
	}
	return found
}

// listFiles returns the files below a folder, with their contents and modes.
func listFiles(t *testing.T, dir string) (all []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		entry := fmt.Sprint(path, " ", info.Mode(), " ", info.ModTime())
		if !d.IsDir() {
			entry += readFile(t, path)
		}
		all = append(all, entry)
		return nil
	}))
	return all
}

// What Argo CD's server, or outrigger, says first.
const (
	failed  = "error generating manifests: "
	stopped = "kustomize was stopped by a signal: terminated"
)

// A refusal is a change of a file of the app, after which a plugin fails.
type refusal struct {
	stage           string
	file, old, text string
	says            []string
}

// check checks that the message reaches the user of Argo CD, and that no object goes out.
func (c refusal) check(t *testing.T) {
	s, repository := startServer(t, c.stage, ""), copyApp(t)
	edit(t, repository, c.file, c.old, c.text)
	objects, err := s.generateManifest(t, repository, "app", buildEnv...)
	require.Error(t, err)
	require.Empty(t, objects)
	require.Contains(t, err.Error(), failed+"`outrigger run -c ")
	require.Contains(t, err.Error(), "` failed exit status 1: ")
	for _, says := range c.says {
		require.Contains(t, err.Error(), says)
	}
}

var errorsOfApps = map[string]refusal{
	"unknown field": {"app", "sidecars.yaml", "secretName", "secretname", []string{
		"error[unknown-field]: sidecars.yaml:11: spec.patterns[0].tlsProxy.secretname: there is no such field",
		"hint: did you mean secretName"}},
	"nothing selected": {"app", "sidecars.yaml", "=elasticsearch", "=opensearch", []string{
		"error[nothing-selected]: sidecars.yaml:6: spec.select: selects no workload"}},
	"port": {"app", "sidecars.yaml", "port: 9200", "port: 9400", []string{
		"error[port-unknown]: ", "container elasticsearch doesn't declare port 9400"}},
	"kustomize": {"app", "kustomization.yaml", "- elasticsearch.yaml", "- opensearch.yaml", []string{
		"opensearch.yaml", "error[command-failed]: kustomize ended with code 1"}},
}

// What outrigger or kustomize refuses reaches the user of Argo CD, with the place and the hint.
func TestErrorsReachUsers(t *testing.T) {
	for name, c := range errorsOfApps {
		t.Run(name, c.check)
	}
}

// function is a list of functions with one of an app's own.
const function = `transformers:
  - |-
    apiVersion: example.com/v1
    kind: Program
    metadata:
      name: program
      annotations:
        config.kubernetes.io/function: "exec: {path: ./program}"
resources:
`

var errorsOfPlatforms = map[string]refusal{
	"the same document": {"both", "sidecars.yaml", "name: search", "name: platform", []string{
		"error[document-twice]: sidecars.yaml:4: metadata.name: two documents are named platform"}},
	"the same sidecar": {"both", "sidecars.yaml", "  patterns:\n", "  patterns:\n" +
		"    - exporter: {preset: elasticsearch}\n      override: {image: \"example.com/other:1\"}\n", []string{
		"error[sidecar-twice]: Deployment search/prod-elasticsearch: exporter: two documents lay on different sidecars"}},
	"opting out": {"platform", "elasticsearch.yaml", "kind: Deployment\nmetadata:\n",
		"kind: Deployment\nmetadata:\n  annotations: {outrigger.dev/skip: \"*\"}\n", []string{"outrigger.dev/skip"}},
	"a function": {"platform", "kustomization.yaml", "resources:\n", function, []string{"external plugins disabled"}},
}

// An app neither takes off nor changes what the platform's document adds, and it runs no program.
func TestPlatformStays(t *testing.T) {
	for name, c := range errorsOfPlatforms {
		t.Run(name, c.check)
	}
}

// What docs/troubleshooting.md says of Argo CD is what the tests above and below have reach its users.
func TestTroubleshooting(t *testing.T) {
	_, page, found := strings.Cut(readFile(t, findFile(t, "docs/troubleshooting.md")), "\n## Argo CD\n")
	require.True(t, found)
	page, _, _ = strings.Cut(page, "\n## ")
	said := []string{failed, stopped}
	for _, all := range []map[string]refusal{errorsOfApps, errorsOfPlatforms} {
		for _, c := range all {
			said = append(said, c.says...)
		}
	}
	said = slices.AppendSeq(said, maps.Values(rendererFailures))
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ").FindAllStringSubmatch(page, -1)
	require.NotEmpty(t, rows)
	for _, row := range rows {
		require.Contains(t, strings.Join(said, "\n"), row[1], "no test has this message")
	}
}

// startFailing starts the server of the app, with a renderer that fails.
func startFailing(t *testing.T) *server {
	t.Helper()
	renderer := filepath.Join(t.TempDir(), "renderer")
	build := exec.Command("go", "build", "-o", renderer, "./renderer")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // the image has no libc
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return startServer(t, "app", renderer)
}

// rendererFailures are ways in which the renderer fails, with what a user sees.
var rendererFailures = map[string]string{
	"half":    "the disk is full\nerror[command-failed]: kustomize ended with code 3",
	"nothing": "kustomize: the output has no objects",
	"log":     `kustomize: the output isn't manifests alone: line 1: "loading charts"`,
}

// A renderer that fails half-way, or prints something else, gives no object: in a shell pipe it would give some.
func TestRendererFails(t *testing.T) {
	s, repository := startFailing(t), copyApp(t)
	for how, says := range rendererFailures {
		objects, err := s.generateManifest(t, repository, "app", "ARGOCD_ENV_RENDERER="+how)
		require.Error(t, err, how)
		require.Empty(t, objects)
		require.Contains(t, err.Error(), says)
	}
}

// The renderer gets the environment that the server passes, and nothing else.
func TestEnvironment(t *testing.T) {
	s, repository := startFailing(t), copyApp(t)
	env := append([]string{"ARGOCD_ENV_RENDERER=environment"}, buildEnv...)
	objects, err := s.generateManifest(t, repository, "app", env...)
	require.NoError(t, err)
	var config struct{ Data struct{ All string } }
	require.NoError(t, json.Unmarshal([]byte(objects[2]), &config))
	want := append(slices.Clone(s.env), env...)
	slices.Sort(want)
	require.Equal(t, want, strings.Split(config.Data.All, "\n"))
}

// When the time is over, the server's signal reaches the renderer, and nothing is left of it.
func TestTimeout(t *testing.T) {
	s := startFailing(t)
	dir := filepath.Join(s.receive(t, copyApp(t)), "app")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	note := filepath.Join(s.root, "tmp/note")
	var pid int
	go func() {
		defer stop()
		for range 10 * 60 * 100 {
			text, _ := os.ReadFile(note) // until it's there
			if pid, _ = strconv.Atoi(string(text)); pid > 0 {
				return
			}
			<-time.After(10 * time.Millisecond)
		}
	}()
	objects, err := s.generateIn(ctx, t, dir, []string{"ARGOCD_ENV_RENDERER=hang", "ARGOCD_ENV_NOTE=/tmp/note"})
	require.Error(t, err)
	require.Empty(t, objects)
	require.Contains(t, err.Error(), stopped)
	<-ctx.Done()
	require.Eventually(t, func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH }, pod.Patience, 10*time.Millisecond)
}
