package migrate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
	"github.com/outrigger-dev/outrigger/pkg/pattern/migrate"
)

// busybox is a folder with its cp alone: that is all that an image with files needs.
func busybox(t *testing.T) *pod.Volume {
	t.Helper()
	dir, err := os.MkdirTemp(pod.Roots, "busybox")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	raw, err := os.ReadFile("/usr/bin/busybox")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cp"), raw, 0o755))
	return pod.ExistingVolume(t, dir)
}

// The jar is where JAVA_TOOL_OPTIONS says, whole, and the app can read it.
func TestJavaAgentCopies(t *testing.T) {
	entry := config.Entry{JavaAgent: &agent.JavaAgent{Image: "agents:1", Path: "/agents/agent.jar"}}
	spec := rendered.Render(t, app, entry).Pod(t)
	shared := pod.EmptyVolume(t)
	copied := pod.Launch(t, spec.InitContainers[0], map[string]*pod.Volume{
		"/opt/outrigger/java-agent": shared,
		"/agents":                   pod.NewVolume(t, map[string]string{"agent.jar": "the jar"}),
		pod.Programs:                busybox(t),
	})
	copied.RequireSuccess()

	app := *spec.Containers[0].DeepCopy()
	option := corev1.EnvVar{Name: "JAVA_TOOL_OPTIONS", Value: "-javaagent:/opt/outrigger/java-agent/agent.jar"}
	require.Equal(t, option, app.Env[len(app.Env)-1])
	app = filled(t, app, secret)
	app.Command = []string{"sh", "-c", `cat "${JAVA_TOOL_OPTIONS#-javaagent:}" && ! rm "${JAVA_TOOL_OPTIONS#-javaagent:}"`}
	read := pod.Launch(t, app, map[string]*pod.Volume{
		"/opt/outrigger/java-agent": pod.ExistingVolume(t, shared.Dir),
		"/srv":                      pod.NewVolume(t, nil),
	})
	read.RequireSuccess()
	says(t, read, "the jar")
	says(t, read, "Read-only file system")
}

// Migrations of another image come with their folders, and the engine reads them.
func TestMigrationsFromAnImage(t *testing.T) {
	entry := engine()
	entry.Migrate.Source = &migrate.MigrationSource{Image: "sql:1", Path: "/sql"}
	spec := rendered.Render(t, app, entry).Pod(t)
	require.Len(t, spec.InitContainers, 2)
	shared := pod.EmptyVolume(t)
	copied := pod.Launch(t, spec.InitContainers[0], map[string]*pod.Volume{
		"/migrations": shared,
		"/sql":        pod.NewVolume(t, first),
		pod.Programs:  busybox(t),
	})
	copied.RequireSuccess()
	postgres(t)
	run := pod.Launch(t, filled(t, spec.InitContainers[1], secret), map[string]*pod.Volume{
		"/migrations": pod.ExistingVolume(t, shared.Dir),
		pod.Programs:  pod.ExistingVolume(t, pod.Built()),
	})
	run.RequireSuccess()
	require.Equal(t, "1|f", query(t, "select version, dirty from schema_migrations"))
}
