package steps

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/step"
)

// setting is what the kernel has.
func setting(t *testing.T, path string) int {
	t.Helper()
	b, err := os.ReadFile("/proc/sys/" + path)
	require.NoError(t, err)
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	require.NoError(t, err)
	return n
}

// raising runs an entry in a pod on the node's network: that of these tests is their
// own, so its settings can be had for real.
func raising(t *testing.T, settings ...corev1.Sysctl) *pod.Container {
	t.Helper()
	c := renderStep(t, config.Entry{Sysctl: &step.Sysctl{Sysctls: settings}}, ", hostNetwork: true")
	require.True(t, *c.SecurityContext.Privileged)
	return launch(t, c, nil)
}

// A limit is raised, and never lowered.
func TestSysctlRaises(t *testing.T) {
	const name, path = "net.core.somaxconn", "net/core/somaxconn"
	had := setting(t, path)
	more := corev1.Sysctl{Name: name, Value: strconv.Itoa(had + 1)}
	c := raising(t, more, corev1.Sysctl{Name: "net/ipv4/tcp_max_syn_backlog", Value: "1"})
	c.RequireSuccess()
	says(t, c, path+" is "+strconv.Itoa(had)+" and is raised to "+strconv.Itoa(had+1))
	says(t, c, "net/ipv4/tcp_max_syn_backlog is ")
	require.Equal(t, had+1, setting(t, path))
	for _, less := range []string{strconv.Itoa(had + 1), strconv.Itoa(had), "1"} {
		c := raising(t, corev1.Sysctl{Name: name, Value: less})
		c.RequireSuccess()
		says(t, c, path+" is "+strconv.Itoa(had+1)+" already")
		require.Equal(t, had+1, setting(t, path))
	}
}

// The article's setting is this machine's, whose nobody may change it: it has at
// least one already.
func TestSysctlMaxMapCount(t *testing.T) {
	had := setting(t, "vm/max_map_count")
	c := raising(t, corev1.Sysctl{Name: "vm.max_map_count", Value: "1"})
	c.RequireSuccess()
	says(t, c, "vm/max_map_count is "+strconv.Itoa(had)+" already")
	require.Equal(t, had, setting(t, "vm/max_map_count"))
}

// What the kernel refuses fails the container, and says what it was.
func TestSysctlRefused(t *testing.T) {
	for _, c := range []struct{ name, value, says string }{
		{"net.core.somaxconn", "9223372036854775807", "net/core/somaxconn"}, // more than an int
		{"net.nf_conntrack_max", "1", "net/nf_conntrack_max"},               // missing: no module, or a network of its own
	} {
		run := raising(t, corev1.Sysctl{Name: c.name, Value: c.value})
		run.RequireFailure()
		says(t, run, c.says)
	}
}
