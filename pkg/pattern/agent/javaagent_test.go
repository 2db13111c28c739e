package agent_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// What the app gets is the same where the jar is copied and where its image is a
// volume, but for the path.
func TestJavaAgentImageVolume(t *testing.T) {
	w := patterntest.NewShop()
	w.Name, w.Kubernetes = "agent", sidecar.Version{Major: 1, Minor: 36}
	p := &agent.JavaAgent{Image: "agents:7", Path: "/lib/agent-7.jar", Options: "a=b"}
	copied, err := sidecar.Build(p, w)
	require.NoError(t, err)
	require.Equal(t, "-javaagent:/opt/outrigger/agent/agent.jar=a=b", copied.App.Env[0].Value)
	require.Equal(t, " ", copied.App.Env[0].AppendWith)
	require.Equal(t, []string{"cp", "/lib/agent-7.jar", "/opt/outrigger/agent/agent.jar"},
		copied.InitContainers[0].Command)

	p.ImageVolume = true
	mounted, err := sidecar.Build(p, w)
	require.NoError(t, err)
	require.Empty(t, mounted.InitContainers)
	require.Equal(t, "-javaagent:/opt/outrigger/agent/lib/agent-7.jar=a=b", mounted.App.Env[0].Value)
	require.Equal(t, "agents:7", mounted.Volumes[0].Image.Reference)
	require.Equal(t, copied.App.VolumeMounts, mounted.App.VolumeMounts)
}

func TestJavaAgentJMX(t *testing.T) {
	w := patterntest.NewShop()
	w.Name = "jmx"
	p := &agent.JavaAgent{Preset: agent.AgentJMX, Image: "jmx:1", Path: "/jmx.jar", ConfigMapName: "rules",
		Key: "shop.yaml", Port: 9999}
	c, err := sidecar.Build(p, w)
	require.NoError(t, err)
	require.Equal(t, "-javaagent:/opt/outrigger/jmx/agent.jar=9999:/etc/outrigger/jmx/config.yaml", c.App.Env[0].Value)
	require.Equal(t, []corev1.KeyToPath{{Key: "shop.yaml", Path: "config.yaml"}}, c.Volumes[1].ConfigMap.Items)
	require.Equal(t, []sidecar.Claim{{Port: 9999, For: "agent jmx"}}, c.Claims)
	p.Port = 0
	c, err = sidecar.Build(p, w)
	require.NoError(t, err)
	require.EqualValues(t, 9404, c.Claims[0].Port)
}

// Two agents by two ways: the JVM reads both variables.
func TestJavaAgentBeside(t *testing.T) {
	w := patterntest.NewShop()
	w.App.Env = []corev1.EnvVar{{Name: "JDK_JAVA_OPTIONS", Value: "-javaagent:/apm.jar"}}
	require.Equal(t,
		[]string{
			"info java-agents: container shop already has an agent in JDK_JAVA_OPTIONS; make sure that the two work together"},
		patterntest.FindingLines(t, &agent.JavaAgent{Preset: agent.AgentOpenTelemetry}, w))
}

// A pod on the node's network runs agents like any other; one for Windows doesn't.
func TestJavaAgentPods(t *testing.T) {
	w := patterntest.NewShop()
	w.Pod.Spec.HostNetwork = true
	p := &agent.JavaAgent{Preset: agent.AgentOpenTelemetry}
	require.Empty(t, patterntest.FindingLines(t, p, w))
	w.Pod.Spec.OS = &corev1.PodOS{Name: corev1.Windows}
	_, err := sidecar.Build(p, w)
	require.ErrorContains(t, err, "the sidecar's image runs on Linux only")
}
