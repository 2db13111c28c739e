package image

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// The images of Argo CD's plugin do what the plugin in them says, with as little as the sidecar may: a user without
// a name, a read-only root and app, no capability, no network.
func TestArgoCD(t *testing.T) {
	const name = "ghcr.io/outrigger-dev/outrigger-argocd:e2e"
	const strict = "run --rm -q --network none --read-only --tmpfs /tmp --cap-drop all --user 999:999"
	root, err := made.FindRoot()
	require.NoError(t, err)
	for _, stage := range []string{"app", "platform", "both"} {
		t.Run(stage, func(t *testing.T) {
			_, err := made.Make("image-argocd", "DOCKER="+podman, "ARGOCD_IMAGE="+name, "PLUGIN="+stage)
			require.NoError(t, err)
			container := strings.TrimSpace(program.Output(t, "", podman, "create", name))
			dir := t.TempDir()
			program.Output(t, "", podman, "cp", container+":/home/argocd/cmp-server/config/plugin.yaml", dir)
			program.Output(t, "", podman, "rm", container)
			text, err := os.ReadFile(dir + "/plugin.yaml")
			require.NoError(t, err)
			var plugin struct {
				Spec struct {
					Generate struct{ Command, Args []string }
				}
			}
			require.NoError(t, yaml.Unmarshal(text, &plugin))

			app := t.TempDir()
			require.NoError(t, os.CopyFS(app, os.DirFS("../../examples/argocd/app")))
			words := slices.Concat(plugin.Spec.Generate.Command, plugin.Spec.Generate.Args)
			args := append(strings.Fields(strict), "-v", app+":/app:ro", "-w", "/app", "--entrypoint", words[0], name)
			got := program.Run(t, "", podman, append(args, words[1:]...)...)
			require.Zero(t, got.Code, got.Stderr)

			for i, word := range words {
				if word == "/etc/outrigger/sidecars.yaml" {
					words[i] = filepath.Join(root, "examples/argocd/platform/sidecars.yaml")
				}
			}
			t.Chdir(app)
			require.Equal(t, program.Run(t, "", words[0], words[1:]...), got, "the programs of this machine give the same")
		})
	}
}

// In an init container, the image puts its program into a volume, with nothing but the program in it.
func TestInstall(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o777)) // as an emptyDir is
	args := strings.Fields("run --rm -q --network none --read-only --cap-drop all --security-opt=no-new-privileges")
	got := program.Run(t, "", podman, append(args, "-v", dir+":/programs", Name, "install", "/programs")...)
	require.Equal(t, program.Result{Stdout: "/programs/outrigger\n"}, got)
	want := program.Output(t, "", "outrigger", "version")
	require.Equal(t, want, program.Output(t, "", filepath.Join(dir, "outrigger"), "version"))
}
