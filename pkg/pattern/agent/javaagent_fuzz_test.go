package agent_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Whatever a user writes, the JVM gets one option, which is the agent's: it splits
// JAVA_TOOL_OPTIONS at blanks, and takes quotes off
// (jdk src/hotspot/share/runtime/arguments.cpp, parse_options_buffer).
func FuzzJavaAgentOption(f *testing.F) {
	f.Add("/agent.jar", "a=b,c=d")
	f.Add("/agent.jar", "a -Xmx1g")
	f.Add("/a b.jar", "'")
	f.Add("/agent.jar\n-Xint", "\v")
	f.Fuzz(func(t *testing.T, path, options string) {
		p := &agent.JavaAgent{Image: "a:1", Path: path, Options: options, ImageVolume: true}
		if p.Validate().Failed() {
			return
		}
		w := patterntest.NewShop()
		w.Name, w.Kubernetes.Minor = "agent", 36
		c, err := sidecar.Build(p, w)
		require.NoError(t, err)
		value := c.App.Env[0].Value
		require.NotContains(t, value, "'")
		require.NotContains(t, value, `"`)
		require.Len(t, strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r", r) }), 1)
		agent, given, _ := strings.Cut(strings.TrimPrefix(value, "-javaagent:"), "=")
		require.Equal(t, "/opt/outrigger/agent"+path, agent)
		require.Equal(t, options, given)
	})
}
