package proxy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestTLSProxyShutdown(t *testing.T) {
	type hook = corev1.LifecycleHandler
	sleeps := func(n int64) *hook { return &hook{Sleep: &corev1.SleepAction{Seconds: n}} }
	exec := func(command ...string) *hook { return &hook{Exec: &corev1.ExecAction{Command: command}} }
	runs := &hook{Exec: &corev1.ExecAction{Command: []string{"bye"}}}
	quit := func(n int) string {
		return fmt.Sprintf(
			`{"exec":{"command":["sh","-c","rmdir /tmp/scgi; sleep %d; `+
				`exec nginx -e stderr -c /etc/outrigger/nginx/nginx.conf -s quit"]}}`, n)
	}
	for name, c := range map[string]struct {
		drain, grace int64 // 0: the default; -1 for drain: none
		app          *hook
		beside       bool
		minor        int
		proxy        string // the hook of nginx
		app5         int64  // what the app gets
		left         int    // worker_shutdown_timeout
		notes        []string
	}{
		"default":                   {proxy: quit(3), app5: 5, left: 25},
		"longer":                    {drain: 20, grace: 60, proxy: quit(18), app5: 20, left: 40},
		"3 seconds":                 {drain: 3, proxy: quit(1), app5: 3, left: 27},
		"2 seconds":                 {drain: 2, proxy: quit(1), app5: 2, left: 27},
		"1 second":                  {drain: 1, app5: 1, left: 28},
		"none":                      {drain: -1, grace: 1, left: 1},
		"own sleep":                 {app: sleeps(10), proxy: quit(8), app5: 5, left: 20},
		"own sleep, shorter":        {app: sleeps(3), proxy: quit(1), app5: 5, left: 27},
		"own sleep by exec":         {app: exec("sleep", "10"), proxy: quit(8), app5: 5, left: 20},
		"by a shell":                {app: exec("/bin/sh", "-c", "sleep 15"), proxy: quit(13), app5: 5, left: 15},
		"and more":                  {app: exec("sh", "-c", "sleep 15; bye"), proxy: quit(3), app5: 5, left: 25},
		"own sleep, the same":       {app: sleeps(5), proxy: quit(3), app5: 5, left: 25},
		"own hook":                  {app: runs, drain: 8, proxy: quit(6), app5: 8, left: 22},
		"old":                       {minor: 29, app5: 5, left: 28},
		"old with own hook":         {minor: 29, app: runs, proxy: quit(3), app5: 5, left: 25},
		"beside":                    {beside: true, proxy: quit(3), app5: 5, left: 25},
		"beside, 1 second":          {beside: true, drain: 1, proxy: quit(1), app5: 1, left: 27},
		"beside, none":              {beside: true, drain: -1, left: 28},
		"beside, old":               {beside: true, minor: 29, app5: 5, left: 28},
		"beside, old with own hook": {beside: true, minor: 29, app: runs, proxy: quit(3), app5: 5, left: 25},
		"little grace": {drain: 5, grace: 14, proxy: quit(3), app5: 5, left: 10, notes: []string{
			"info grace-period: drainSeconds: the app needs time to stop after 5 seconds of draining, so the pod's grace " +
				"period is raised from 14 to 15; write that into the manifest, or write drainSeconds: 0 to turn draining off"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
				if c.grace != 0 {
					w.Pod.Spec.TerminationGracePeriodSeconds = &c.grace
				}
				if c.app != nil {
					w.App.Lifecycle = &corev1.Lifecycle{PreStop: c.app}
				}
				if c.beside {
					w.Placement = sidecar.Beside
				}
				if c.minor != 0 {
					w.Kubernetes.Minor = c.minor
				}
			})
			ch := change(t, proxy(func(p *TLSProxy) {
				if c.drain != 0 {
					p.DrainSeconds = new(max(c.drain, 0))
				}
			}), w)
			got := ""
			if l := ch.Containers[0].Lifecycle; l != nil {
				raw, err := json.Marshal(l.PreStop)
				require.NoError(t, err)
				got = string(raw)
			}
			require.Equal(t, c.proxy, got)
			require.Equal(t, c.app5, ch.App.DrainSeconds)
			require.Contains(t, conf(t, ch), fmt.Sprintf("worker_shutdown_timeout %ds;", c.left))
			require.Equal(t, strings.Join(c.notes, "\n"), strings.Join(patterntest.FormatFindings(ch.Notes), "\n"))
		})
	}
}

func TestTLSProxyDrainLongerThanGrace(t *testing.T) {
	for _, drain := range []int64{30, 31} {
		p := proxy(func(p *TLSProxy) { p.DrainSeconds = &drain })
		require.Equal(t, []string{fmt.Sprintf("info grace-period: drainSeconds: the app needs time to stop after %d "+
			"seconds of draining, so the pod's grace period is raised from 30 to %d; write that into the manifest, or write "+
			"drainSeconds: 0 to turn draining off", drain, drain+10)},
			patterntest.FindingLines(t, p, patterntest.NewElasticsearch()))
		require.Equal(t, drain+10, change(t, p, patterntest.NewElasticsearch()).Pod.MinGracePeriodSeconds)
	}
	require.Zero(t, change(t, proxy(), patterntest.NewElasticsearch()).Pod.MinGracePeriodSeconds,
		"30 seconds, the API's default, are enough for 5")
}
