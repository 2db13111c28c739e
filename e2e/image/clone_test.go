package image

import (
	"encoding/json"
	"go/version"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// base is what stands in for Go's own image. This machine's Go is mounted into it, with its cache, and modules come
// from the machine as from a proxy.
const base = "localhost/golang:e2e"

const baseDockerfile = `FROM scratch
COPY . /
ENV PATH=/usr/local/go/bin:/bin HOME=/root GOPATH=/go GOTOOLCHAIN=local GOCACHE=/machine/cache
ENV GOPROXY=file:///machine/modules GONOSUMDB=* GOFLAGS=-modcacherw
`

// buildBase builds that image: git and a shell, with what they need.
func buildBase(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(baseDockerfile), 0o644))
	for _, name := range []string{"etc", "tmp", "root", "bin"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	copyFile(t, dir, find(t, "busybox"), "/bin/busybox")
	for _, name := range []string{"sh", "dirname"} {
		require.NoError(t, os.Symlink("busybox", filepath.Join(dir, "bin", name)))
	}
	copyFile(t, dir, find(t, "git"), "/bin/git")
	libraries := program.Output(t, "", "ldd", find(t, "git"))
	for _, library := range regexp.MustCompile(`/\S+\.so\S*`).FindAllString(libraries, -1) {
		copyFile(t, dir, library, library)
	}
	program.Output(t, "", podman, "build", "-q", "-t", base, dir)
}

func find(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err)
	return path
}

func copyFile(t *testing.T, dir, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(to)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, to), text, 0o755))
}

// buildClone does what `docker build .` does, without a network, and with the stand-in for Go's image.
func buildClone(t *testing.T, clone, image string, more ...string) {
	t.Helper()
	buildBase(t)
	t.Setenv("TMPDIR", t.TempDir()) // there, podman keeps what cache mounts hold
	volumes := map[string]string{"GOROOT": "/usr/local/go:ro", "GOCACHE": "/machine/cache", "GOMODCACHE": ""}
	args := []string{"build", "-q", "--network", "none", "--pull=never", "--build-arg", "GO_IMAGE=" + base, "-t", image}
	for name, to := range volumes {
		from := strings.TrimSpace(program.Output(t, "", "go", "env", name))
		if name == "GOMODCACHE" {
			from, to = filepath.Join(from, "cache/download"), "/machine/modules:ro"
		}
		args = append(args, "-v", from+":"+to)
	}
	t.Chdir(clone)
	// Builds for one system leave out what the Dockerfile's download asks for.
	out, err := exec.Command("go", "mod", "download").CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command(podman, append(append(args, more...), ".")...).CombinedOutput() // it may compile all of Go
	require.NoError(t, err, "%s", out)
}

// copyOut copies a file out of an image.
func copyOut(t *testing.T, image, path string) (to string) {
	t.Helper()
	container := strings.TrimSpace(program.Output(t, "", podman, "create", image))
	to = filepath.Join(t.TempDir(), filepath.Base(path))
	program.Output(t, "", podman, "cp", container+":"+path, to)
	program.Output(t, "", podman, "rm", container)
	return to
}

// inspect returns the config of an image, without labels that name the builder and the version.
func inspect(t *testing.T, image string) map[string]any {
	t.Helper()
	var images []struct{ Config map[string]any }
	require.NoError(t, json.Unmarshal([]byte(program.Output(t, "", podman, "image", "inspect", image)), &images))
	labels := images[0].Config["Labels"].(map[string]any)
	maps.DeleteFunc(labels, func(name string, _ any) bool {
		return name == "io.buildah.version" || name == "org.opencontainers.image.version"
	})
	return images[0].Config
}

// Both Dockerfiles pin the same image of Go, by its tag and by a digest, and it's as new as go.mod asks.
func TestGoImage(t *testing.T) {
	line := regexp.MustCompile(`(?m)^ARG GO_IMAGE=docker\.io/library/golang:([0-9.]+)-\w+@sha256:[0-9a-f]{64}$`)
	var all [][]string
	for _, name := range []string{"Dockerfile", "examples/argocd/Dockerfile"} {
		text, err := os.ReadFile("../../" + name)
		require.NoError(t, err)
		all = append(all, line.FindStringSubmatch(string(text)))
		require.NotEmpty(t, all[len(all)-1], name)
	}
	require.Equal(t, all[0], all[1])
	needed := strings.TrimSpace(program.Output(t, "", "go", "list", "-m", "-f", "{{.GoVersion}}"))
	require.GreaterOrEqual(t, version.Compare("go"+all[0][1], "go"+needed), 0, needed)
}

// In a clean clone, `docker build .` alone gives the image that `make image` gives, with the same program, byte for
// byte.
func TestClone(t *testing.T) {
	const image = "localhost/outrigger:clone"
	clone := made.Clone(t)
	buildClone(t, clone, image)
	require.Equal(t, inspect(t, Name), inspect(t, image))
	out := program.Output(t, "", podman, "run", "--rm", "--network", "none", image, "version", "-o", "json")
	var built struct{ Version, GitCommit, GitTreeState string }
	require.NoError(t, json.Unmarshal([]byte(out), &built))
	require.Equal(t, made.CloneVersion, built.Version)
	require.Equal(t, strings.TrimSpace(made.Git(t, clone, "rev-parse", "HEAD")), built.GitCommit)
	require.Equal(t, "clean", built.GitTreeState)

	got, err := os.ReadFile(copyOut(t, image, "/outrigger"))
	require.NoError(t, err)
	make := exec.Command("make", "build")
	make.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	text, err := make.CombinedOutput()
	require.NoError(t, err, "%s", text)
	want, err := os.ReadFile(filepath.Join(clone, "bin/outrigger"))
	require.NoError(t, err)
	require.True(t, string(want) == string(got), "make builds another program")
}
