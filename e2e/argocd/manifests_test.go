package argocd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// buildArgo builds Argo CD with a Component of the example, and returns the parts that matter.
func buildArgo(t *testing.T, component string) (repoServer corev1.PodSpec, options string) {
	t.Helper()
	dir := copyApp(t)
	copyFile(t, "testdata/argo-cd.yaml", filepath.Join(dir, "argo/argo-cd.yaml"), 0o644)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "argo/kustomization.yaml"),
		[]byte("resources: [argo-cd.yaml]\ncomponents: [../"+component+"]\n"), 0o644))
	built := program.Output(t, "", pod.Built()+"/kustomize", "build", filepath.Join(dir, "argo"))
	settings, deployment, found := strings.Cut(built, "\n---\n")
	require.True(t, found)
	var d appsv1.Deployment
	require.NoError(t, yaml.UnmarshalStrict([]byte(deployment), &d))
	var c corev1.ConfigMap
	require.NoError(t, yaml.UnmarshalStrict([]byte(settings), &c))
	return d.Spec.Template.Spec, c.Data["kustomize.buildOptions"]
}

// listMounts returns the volumes that a container mounts, which must be there, by their paths.
func listMounts(t *testing.T, p corev1.PodSpec, c corev1.Container) map[string]string {
	t.Helper()
	var volumes []string
	for _, v := range p.Volumes {
		volumes = append(volumes, v.Name)
	}
	mounts := map[string]string{}
	for _, m := range c.VolumeMounts {
		require.Contains(t, volumes, m.Name)
		mounts[m.MountPath] = m.Name
	}
	return mounts
}

// The sidecar is what Argo CD asks for: its server, the user 999, the folder of the sockets, and a /tmp of its own. It
// may do nothing else.
func TestSidecar(t *testing.T) {
	p, options := buildArgo(t, "repo-server")
	require.Empty(t, options)
	require.Len(t, p.Containers, 2)
	sidecar, repoServer := p.Containers[0], p.Containers[1]
	if sidecar.Name != "outrigger" {
		sidecar, repoServer = repoServer, sidecar
	}
	require.Equal(t, "outrigger", sidecar.Name)
	require.Equal(t, []string{"/var/run/argocd/argocd-cmp-server"}, sidecar.Command)
	theirs, ours := listMounts(t, p, repoServer), listMounts(t, p, sidecar)
	require.Equal(t, "plugins", ours["/home/argocd/cmp-server/plugins"])
	require.Equal(t, "var-files", ours["/var/run/argocd"])
	require.NotEmpty(t, ours["/tmp"])
	require.NotEqual(t, theirs["/tmp"], ours["/tmp"])
	c := sidecar.SecurityContext
	require.EqualValues(t, 999, *c.RunAsUser)
	require.True(t, *c.RunAsNonRoot)
	require.True(t, *c.ReadOnlyRootFilesystem)
	require.False(t, *c.AllowPrivilegeEscalation)
	require.Equal(t, []corev1.Capability{"ALL"}, c.Capabilities.Drop)
}

// The native way: what the init container installs is the program that kustomize finds, with the options of the patch.
func TestNative(t *testing.T) {
	p, options := buildArgo(t, "native")
	require.Len(t, p.Containers, 1)
	require.Len(t, p.InitContainers, 2)
	installer := p.InitContainers[0]
	if installer.Name != "outrigger" {
		installer = p.InitContainers[1]
	}
	volume := listMounts(t, p, installer)[installer.Args[1]]
	require.Equal(t, volume, listMounts(t, p, p.Containers[0])["/usr/local/bin/outrigger"])

	dir := t.TempDir()
	args := append([]string{installer.Args[0], dir}, installer.Args[2:]...)
	installed := program.Output(t, "", pod.Built()+"/outrigger", args...)
	at := slices.IndexFunc(p.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volume })
	require.Equal(t, filepath.Join(dir, p.Containers[0].VolumeMounts[at].SubPath)+"\n", installed)

	t.Setenv("PATH", dir)
	overlay := findFile(t, "examples/elasticsearch-tls/overlay")
	words := append([]string{"build", overlay}, strings.Fields(options)...)
	built := program.Output(t, "", pod.Built()+"/kustomize", words...)
	require.Contains(t, built, "        name: tls-proxy\n")
}

// Applications name the plugin, so that a missing one is an error.
func TestApplications(t *testing.T) {
	type source struct{ Plugin struct{ Name string } }
	for _, name := range []string{"application.yaml", "hydrated.yaml"} {
		var application struct {
			Spec struct {
				Source         source
				SourceHydrator struct{ DrySource source }
			}
		}
		require.NoError(t, yaml.Unmarshal([]byte(readFile(t, findFile(t, example+"/"+name))), &application))
		var config plugin
		require.NoError(t, yaml.UnmarshalStrict([]byte(readFile(t, findFile(t, example+"/plugin.yaml"))), &config))
		spec := application.Spec
		require.Equal(t, config.Metadata.Name, spec.Source.Plugin.Name+spec.SourceHydrator.DrySource.Plugin.Name, name)
	}
}
