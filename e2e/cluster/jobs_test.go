//go:build cluster

package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// report is a job's pod, at an indentation of zero.
const report = `metadata: {labels: {app: NAME}}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: report
      image: ` + appImage + `
      imagePullPolicy: IfNotPresent
      args: [report]
      env: [{name: LOG, value: /var/log/report/report.log}]
      resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`

func indented(by int, text string) string {
	blank := strings.Repeat(" ", by)
	return blank + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+blank) + "\n"
}

// TestJobs has jobs that end beside sidecars that don't: they reach a Redis through a
// tunnel, after their migration has, and their log is streamed to its last line. Nothing
// is tried again.
func TestJobs(t *testing.T) {
	images(t)
	loadTunnel(t)
	n := newNamespace(t)
	n.apply(n.issueForRedis("client") + "---\n" + redis)
	n.rolledOut("redis")
	n.inject(sidecars("Job|CronJob", "report", `
    - name: logs
      logTail: {directory: /var/log/report, files: [report.log], sizeLimit: 64Mi}
    - migrate: {args: [migrate]}
`+strings.TrimLeft(n.tunnelToRedis("client"), "\n")), `apiVersion: batch/v1
kind: Job
metadata: {name: report}
spec:
  backoffLimit: 0
  template:
`+indented(4, strings.Replace(report, "NAME", "once", 1))+`---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  schedule: '* * * * *'
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
`+indented(8, strings.Replace(report, "NAME", "often", 1)))
	var lines strings.Builder
	for i := range 100 {
		fmt.Fprintf(&lines, "reported %d\n", i+1)
	}
	logSeconds(t, "the Job was complete", func() { n.completes("report") })
	require.Equal(t, lines.String(), n.first("once", "logs"))
	require.Contains(t, n.first("once", "migrate"), "schema :")

	becomesWithin(t, 80*time.Second, "a Job of the CronJob", "yes", func() string {
		return yes(n.field("cronjob/report", ".status.lastSuccessfulTime") != "")
	})
	n.kc("patch", "cronjob", "report", "-p", `{"spec": {"suspend": true}}`)
	ended := strings.Fields(n.kc("get", "pods", "-l", "app=often",
		"--field-selector=status.phase=Succeeded", "-o", "jsonpath={.items[*].metadata.name}"))
	require.Equal(t, lines.String(), n.logs(ended[0], "logs"))
	n.calm()
}
