//go:build runners

package image

import (
	"debug/elf"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// For another platform, the program is that platform's, compiled here. podman 4.3 can't build for another platform
// than that of a local base; so only the arguments are set that BuildKit sets for --platform linux/arm64.
func TestCloneForArm(t *testing.T) {
	const image = "localhost/outrigger:arm"
	buildClone(t, made.Clone(t), image, "--build-arg", "TARGETARCH=arm64")
	program, err := elf.Open(copyOut(t, image, "/outrigger"))
	require.NoError(t, err)
	defer program.Close()
	require.Equal(t, elf.EM_AARCH64, program.Machine)
}

// The image layout of a release has the image of `make image`, with the commit in addition.
func TestReleaseLayout(t *testing.T) {
	clone := made.Clone(t)
	make := exec.Command("make", "release", "PLATFORMS=linux/"+runtime.GOARCH)
	make.Dir, make.Env = clone, append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	out, err := make.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Chdir(clone) // podman makes a name of the path, and takes none with capitals
	image := strings.TrimSpace(program.Output(t, "", podman, "pull", "-q", "oci:dist/image"))
	got, want := inspect(t, image), inspect(t, Name)
	labels := got["Labels"].(map[string]any)
	const revision = "org.opencontainers.image.revision"
	require.Equal(t, strings.TrimSpace(made.Git(t, clone, "rev-parse", "HEAD")), labels[revision])
	delete(labels, revision)
	require.Equal(t, want, got)
	for _, file := range []string{"/outrigger", "/etc/passwd", "/etc/group"} {
		inLayout, err := os.Stat(copyOut(t, image, file))
		require.NoError(t, err)
		inImage, err := os.Stat(copyOut(t, Name, file))
		require.NoError(t, err)
		require.Equal(t, inImage.Mode(), inLayout.Mode(), file)
	}
	version := program.Output(t, "", podman, "run", "--rm", "--network", "none", image, "version")
	require.Contains(t, version, made.CloneVersion)
}

// The images of Argo CD's plugin need no more than a clean clone either.
func TestCloneForArgoCD(t *testing.T) {
	const image = "localhost/outrigger-argocd:clone"
	const local = "localhost/outrigger-argocd:local"
	bin, err := made.Make("image-argocd", "DOCKER="+podman, "ARGOCD_IMAGE="+local)
	require.NoError(t, err)
	buildClone(t, made.Clone(t), image, "-f", "examples/argocd/Dockerfile", "--target", "app")
	require.Equal(t, inspect(t, local), inspect(t, image))
	got, err := os.ReadFile(copyOut(t, image, "/usr/local/bin/kustomize"))
	require.NoError(t, err)
	want, err := os.ReadFile(bin + "/kustomize")
	require.NoError(t, err)
	require.True(t, string(want) == string(got), "make builds another kustomize")
	require.Contains(t, program.Output(t, "", podman, "run", "--rm", "--network", "none", "--entrypoint",
		"/usr/local/bin/outrigger", image, "version"), made.CloneVersion)
}
