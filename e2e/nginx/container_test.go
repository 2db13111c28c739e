package nginx

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// A container is an nginx that runs as a kubelet would run it.
type container struct{ *pod.Container }

// start runs what was rendered, with a directory of certificates mounted, and
// waits until the startup probe would succeed.
func start(t *testing.T, r renderedProxy, certs *pod.Volume) *container {
	t.Helper()
	c := launch(t, r, certs)
	c.WaitForPort(r.address())
	return c
}

// launch is start without the waiting.
func launch(t *testing.T, r renderedProxy, certs *pod.Volume) *container {
	t.Helper()
	pod.ReleasePort(t, r.address())
	volumes := maps.Clone(r.more)
	volumes[r.confDir], volumes[r.certsDir], volumes["/tmp"] = pod.NewVolume(t, r.files), certs, nil
	return &container{pod.Launch(t, r.container, volumes)}
}

// workers are the processes of nginx but the first.
func (c *container) workers() []int {
	var pids []int
	pid := c.Cmd.Process.Pid
	pod.Poll(c.T, "workers", func() bool { // nginx listens before it has any
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		require.NoError(c.T, err)
		pids = nil
		for _, word := range strings.Fields(string(raw)) {
			n, err := strconv.Atoi(word)
			require.NoError(c.T, err)
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", n)) // it may have ended since
			if strings.TrimSpace(string(name)) == "nginx" {         // and not what watches files
				pids = append(pids, n)
			}
		}
		return len(pids) > 0
	})
	return pids
}
