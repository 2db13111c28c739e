package logtail

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
)

var app = rendered.Deployment("shop", "          securityContext: {runAsUser: 1000}\n")

// renderTails are the containers of a log tail, as the whole program renders them.
func renderTails(t *testing.T, p logtail.LogTail) []corev1.Container {
	t.Helper()
	p.Directory = "/var/log/shop"
	return rendered.Render(t, app, config.Entry{LogTail: &p}).Pod(t).InitContainers
}

// A container is one that streams files of a folder.
type container struct{ *pod.Container }

// start runs a rendered container over a folder.
func start(t *testing.T, c corev1.Container, dir string) container {
	t.Helper()
	return container{pod.LaunchFirst(t, c, map[string]*pod.Volume{
		"/logs":      pod.ExistingVolume(t, dir),
		pod.Programs: programs(t),
	})}
}

// one is start for a log tail with a single container.
func one(t *testing.T, p logtail.LogTail, dir string) container {
	t.Helper()
	all := renderTails(t, p)
	require.Len(t, all, 1)
	return start(t, all[0], dir)
}

// has waits for a line.
func (c container) has(line string) {
	c.T.Helper()
	pod.Poll(c.T, line, func() bool { return strings.Contains("\n"+c.Log.String(), "\n"+line+"\n") })
}

// streamed are the lines until now.
func (c container) streamed() []string {
	return strings.Split(strings.TrimSuffix(c.Log.String(), "\n"), "\n")
}

// tails are the processes that read.
func (c container) tails() (pids []int) {
	c.T.Helper()
	pid := c.Cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	require.NoError(c.T, err)
	for _, child := range strings.Fields(string(children)) {
		args, _ := os.ReadFile("/proc/" + child + "/cmdline") // it may have ended
		if strings.Contains(string(args), "\x00tail\x00") {
			n, err := strconv.Atoi(child)
			require.NoError(c.T, err)
			pids = append(pids, n)
		}
	}
	return pids
}
