package logtail

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

const app = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
        - name: shop
          image: shop:1
          securityContext: {runAsUser: 1000}
`

// rendered are the containers of a log tail, as the whole program renders them.
func rendered(t *testing.T, p pattern.LogTail) []corev1.Container {
	t.Helper()
	p.Directory = "/var/log/shop"
	asked, err := json.Marshal(config.Sidecars{APIVersion: config.APIVersion, Kind: config.Kind, Spec: config.Spec{
		Select:   []config.Selector{{Kind: "Deployment"}},
		Patterns: []config.Entry{{LogTail: &p}},
	}})
	require.NoError(t, err)
	conf, fs := config.Read(asked, "")
	require.NoError(t, fs.Err())
	out := rig.Run([]rig.File{{Text: app}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())
	var v any
	require.NoError(t, yaml.Unmarshal([]byte(out.Files()[0].Text), &v))
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	var d appsv1.Deployment
	require.NoError(t, json.Unmarshal(raw, &d))
	return d.Spec.Template.Spec.InitContainers
}

// A container is one that streams files of a folder.
type container struct{ *pod.Container }

// start runs a rendered container over a folder.
func start(t *testing.T, c corev1.Container, dir string) container {
	t.Helper()
	return container{pod.LaunchFirst(t, c, map[string]*pod.Volume{"/logs": pod.Folder(t, dir), pod.Programs: programs(t)})}
}

// one is start for a log tail with a single container.
func one(t *testing.T, p pattern.LogTail, dir string) container {
	t.Helper()
	all := rendered(t, p)
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
