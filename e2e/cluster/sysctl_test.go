//go:build cluster

package cluster

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const mapCount = "vm.max_map_count"

// nodeSetting is a setting of the node, which gets its value back after the test.
func nodeSetting(t *testing.T, name string) (get func() int, set func(int)) {
	t.Helper()
	get = func() int {
		out, err := onNode("sysctl", "-n", name)
		require.NoError(t, err)
		value, err := strconv.Atoi(strings.TrimSpace(out))
		require.NoError(t, err)
		return value
	}
	set = func(value int) {
		_, err := onNode("sysctl", "-q", "-w", fmt.Sprintf("%s=%d", name, value))
		require.NoError(t, err)
	}
	before := get()
	t.Cleanup(func() { set(before) })
	return get, set
}

func maps262144(more string) string {
	return `
    - sysctl:
        sysctls:
          - {name: ` + mapCount + `, value: "262144"}
` + more
}

// requireKeepalive compares a setting inside of the pod.
func (n *namespace) requireKeepalive(want string) {
	n.t.Helper()
	got := n.exec(n.pod("elasticsearch"), "elasticsearch", "cat", "/proc/sys/net/ipv4/tcp_keepalive_time")
	require.Equal(n.t, want, got)
}

// TestSysctl raises what the node has, and never lowers it; a pod's own settings need
// no privilege.
func TestSysctl(t *testing.T) {
	get, set := nodeSetting(t, mapCount)
	keepalive := "          - {name: net.ipv4.tcp_keepalive_time, value: \"300\"}\n"
	n := newNamespaceAt(t, "privileged")
	for _, c := range []struct {
		have, want int
		says       string
	}{
		{65530, 262144, "vm/max_map_count is 65530 and is raised to 262144"},
		{300000, 300000, "vm/max_map_count is 300000 already"},
	} {
		set(c.have)
		n.inject(sidecars("Deployment", "elasticsearch", maps262144(keepalive)), search)
		n.rolledOut("elasticsearch")
		require.Equal(t, c.want, get())
		require.Contains(t, n.first("elasticsearch", "sysctl"), c.says)
		n.requireKeepalive("300")
		n.calm()
		n.remove("elasticsearch", "--all")
	}
	t.Run("strict", func(t *testing.T) {
		n := newNamespace(t)
		n.inject(sidecars("Deployment", "elasticsearch", "    - sysctl:\n        sysctls:\n"+keepalive), search)
		n.rolledOut("elasticsearch")
		n.requireKeepalive("300")
	})
}
