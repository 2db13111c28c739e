package release

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// version is what `outrigger version --output json` prints.
type version struct{ Version, GitCommit, GitTreeState, GoVersion, Platform string }

func read(t *testing.T, outrigger string) (v version) {
	t.Helper()
	out := program.Output(t, "", outrigger, "version", "--output", "json")
	require.NoError(t, json.Unmarshal([]byte(out), &v))
	require.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, v.Platform)
	require.True(t, strings.HasPrefix(v.GoVersion, "go1."), v.GoVersion)
	require.Equal(t, "outrigger version "+v.Version+"\n", program.Output(t, "", outrigger, "--version"))
	v.GoVersion, v.Platform = "", ""
	return v
}

// inFolder runs a program in a folder with more environment, and fails the test unless it ends well.
func inFolder(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, args, out)
}

func build(t *testing.T, clone string) version {
	t.Helper()
	inFolder(t, clone, []string{"MAKEFLAGS=", "MAKELEVEL="}, "make", "build")
	return read(t, filepath.Join(clone, "bin/outrigger"))
}

func addLine(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, "\n// Another line.\n"...), 0o644))
}

// What make builds knows its tag and its commit, and whether a file that is compiled differs from it.
func TestVersionOfMake(t *testing.T) {
	clone := made.Clone(t)
	head := strings.TrimSpace(made.Git(t, clone, "rev-parse", "HEAD"))
	addLine(t, filepath.Join(clone, "README.md"))
	require.Equal(t, version{Version: made.CloneVersion, GitCommit: head, GitTreeState: "clean"}, build(t, clone))
	addLine(t, filepath.Join(clone, "fn/outrigger/main.go"))
	require.Equal(t, version{Version: made.CloneVersion + "-dirty", GitCommit: head, GitTreeState: "dirty"},
		build(t, clone))
}

// An unpacked archive has no commit, also if it lies in a repository of something else.
func TestVersionOfArchive(t *testing.T) {
	clone := made.Clone(t)
	require.NoError(t, os.RemoveAll(filepath.Join(clone, ".git")))
	made.Git(t, filepath.Dir(clone), "init", "-q")
	made.Git(t, filepath.Dir(clone), "commit", "-q", "--allow-empty", "-m", "other: begin")
	require.Equal(t, version{Version: "dev"}, build(t, clone))
}

// Whoever types "go build" in a clone gets what Go records of it.
func TestVersionOfGoBuild(t *testing.T) {
	clone := made.Clone(t)
	head := strings.TrimSpace(made.Git(t, clone, "rev-parse", "HEAD"))
	env := []string{"GOFLAGS=-trimpath -buildvcs=true", "CGO_ENABLED=0"}
	out := filepath.Join(t.TempDir(), "outrigger")
	inFolder(t, clone, env, "go", "build", "-o", out, "./fn/outrigger")
	require.Equal(t, version{Version: made.CloneVersion, GitCommit: head, GitTreeState: "clean"}, read(t, out))
	addLine(t, filepath.Join(clone, "fn/outrigger/main.go"))
	inFolder(t, clone, env, "go", "build", "-o", out, "./fn/outrigger")
	require.Equal(t, version{Version: made.CloneVersion + "+dirty", GitCommit: head, GitTreeState: "dirty"}, read(t, out))
}

// "go install" of a tag knows the tag. Go fetches the module from a repository here, which it finds under the module's
// own name; all others come from the machine's cache of modules.
func TestVersionOfGoInstall(t *testing.T) {
	const module = "github.com/outrigger-dev/outrigger"
	clone := made.Clone(t)
	cache := strings.TrimSpace(program.Output(t, "", "go", "env", "GOMODCACHE"))
	bin := t.TempDir()
	env := []string{
		"GOBIN=" + bin, "GOFLAGS=-trimpath -modcacherw", "CGO_ENABLED=0", "GOMODCACHE=" + t.TempDir(),
		"GOPROXY=file://" + filepath.ToSlash(filepath.Join(cache, "cache/download")),
		"GONOPROXY=" + module, "GONOSUMDB=*", "GOPRIVATE=",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_VALUE_0=https://" + module,
		"GIT_CONFIG_KEY_0=url." + clone + ".insteadOf",
	}
	inFolder(t, t.TempDir(), env, "go", "install", module+"/fn/outrigger@"+made.CloneVersion)
	require.Equal(t, version{Version: made.CloneVersion}, read(t, filepath.Join(bin, "outrigger")))

	addLine(t, filepath.Join(clone, "fn/outrigger/main.go"))
	made.Git(t, clone, "commit", "-q", "-a", "-m", "all: go on")
	head := strings.TrimSpace(made.Git(t, clone, "rev-parse", "HEAD"))
	inFolder(t, t.TempDir(), env, "go", "install", module+"/fn/outrigger@"+head)
	got := read(t, filepath.Join(bin, "outrigger"))
	require.Equal(t, version{Version: "v1.2.4-0.20010203040506-" + head[:12], GitCommit: head[:12],
		GitTreeState: "clean"}, got)
}
