package argocd

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// Where Argo CD puts its server and looks for sockets.
const (
	serverFile = "var/run/argocd/argocd-cmp-server"
	sockets    = "home/argocd/cmp-server/plugins"
)

// An image is a stage of the Dockerfile, as the root of a container: read-only, but for /tmp.
type image struct {
	root string
	env  []string
}

// buildImage builds an image of the Dockerfile, with the programs of this machine. kustomize is the program of that
// name in it; "" is the real one.
func buildImage(t *testing.T, stage, kustomize string) *image {
	t.Helper()
	root, err := os.MkdirTemp(pod.Roots, "image")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(root, 0o755))
	i := &image{root: root}
	i.addStage(t, readStages(t), "local-"+stage)
	if kustomize != "" {
		copyFile(t, kustomize, filepath.Join(root, "usr/local/bin/kustomize"), 0o755)
	}
	for _, dir := range []string{"dev", "tmp", filepath.Dir(serverFile), sockets} { // as runtimes make them for mounts
		require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	mount := func(source, target, kind string, flags uintptr, data string) {
		require.NoError(t, syscall.Mount(source, filepath.Join(root, target), kind, flags, data), "mount %s", target)
	}
	mount(root, "", "", syscall.MS_BIND, "")
	require.NoError(t, os.WriteFile(filepath.Join(root, "dev/null"), nil, 0o666))
	mount("/dev/null", "dev/null", "", syscall.MS_BIND, "")
	mount("tmpfs", "tmp", "tmpfs", 0, "mode=1777")
	mount("tmpfs", sockets, "tmpfs", 0, "mode=1777")
	if real := os.Getenv(realServer); real != "" {
		require.NoError(t, os.WriteFile(filepath.Join(root, serverFile), nil, 0o755))
		mount(real, serverFile, "", syscall.MS_BIND, "")
	}
	mount("", "", "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")
	t.Cleanup(func() {
		require.NoError(t, syscall.Unmount(root, syscall.MNT_DETACH))
		require.NoError(t, os.RemoveAll(root))
	})
	return i
}

// readStages reads the instructions of each stage; the first is FROM.
func readStages(t *testing.T) map[string][][]string {
	t.Helper()
	stages := map[string][][]string{}
	var stage string
	for line := range strings.Lines(readFile(t, findFile(t, example+"/Dockerfile"))) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if f[0] == "FROM" {
			f = slices.DeleteFunc(f, func(word string) bool { return strings.HasPrefix(word, "--platform=") })
			require.Len(t, f, 4, "FROM BASE AS NAME")
			stage = f[3]
		}
		stages[stage] = append(stages[stage], f)
	}
	return stages
}

func (i *image) addStage(t *testing.T, stages map[string][][]string, stage string) {
	t.Helper()
	require.Contains(t, stages, stage)
	for _, f := range stages[stage] {
		switch f[0] {
		case "FROM":
			if f[1] != "scratch" {
				i.addStage(t, stages, f[1])
			}
		case "COPY":
			mode, err := strconv.ParseUint(strings.TrimPrefix(f[1], "--chmod="), 8, 32)
			require.NoError(t, err)
			sources, target := f[2:len(f)-1], filepath.Join(i.root, f[len(f)-1])
			for _, source := range sources {
				to := target
				if strings.HasSuffix(f[len(f)-1], "/") {
					to = filepath.Join(target, filepath.Base(source))
				}
				copyFile(t, findFile(t, source), to, os.FileMode(mode))
			}
		case "ENV":
			i.env = append(i.env, f[1])
		case "USER", "ENTRYPOINT": // the patch of the repo-server has both
		default:
			require.Fail(t, "the test doesn't know "+f[0])
		}
	}
}

// lookPath returns the path of a program in the image, as a server in it finds it.
func (i *image) lookPath(t *testing.T, name string) string {
	t.Helper()
	for _, v := range i.env {
		path, found := strings.CutPrefix(v, "PATH=")
		for dir := range strings.SplitSeq(path, ":") {
			if _, err := os.Stat(filepath.Join(i.root, dir, name)); found && err == nil {
				return filepath.Join(dir, name)
			}
		}
	}
	require.Fail(t, "there is no "+name+" in the image", "%s", i.env)
	return ""
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(t, os.WriteFile(to, []byte(readFile(t, from)), mode))
	require.NoError(t, os.Chmod(to, mode))
}
