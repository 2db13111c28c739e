//go:build cluster

package cluster

import (
	"fmt"
	"path/filepath"
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
	loadImage(t, "docker.io/ghostunnel/ghostunnel:v1.11.1-distroless", filepath.Join(bin, "ghostunnel"))
	n := newNamespace(t)
	server := "redis." + n.name + ".svc.cluster.local"
	ca := newAuthority(t)
	ca.issue("redis", server)
	ca.issue("report")
	n.apply(ca.secret("redis-tls", "redis") + "---\n" + ca.secret("client", "report") + "---\n" + redis)
	n.rolledOut("redis")
	n.inject(sidecars("Job|CronJob", "report", `
    - name: logs
      logTail: {directory: /var/log/report, files: [report.log], sizeLimit: 64Mi}
    - migrate: {args: [migrate]}
    - override: {resources: {requests: {cpu: 5m}}}
      tunnel:
        listenPort: 6379
        host: `+server+`
        port: 6380
        ca: {secretName: client}
        clientCertificate: {secretName: client}
        env: {REDIS_HOST: 127.0.0.1, REDIS_PORT: "6379"}
`), "apiVersion: batch/v1\nkind: Job\nmetadata: {name: report}\nspec:\n  backoffLimit: 0\n  template:\n"+
		indented(4, strings.Replace(report, "NAME", "once", 1))+
		"---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report}\nspec:\n  schedule: '* * * * *'\n  jobTemplate:\n    spec:\n      backoffLimit: 0\n      template:\n"+
		indented(8, strings.Replace(report, "NAME", "often", 1)))
	var lines strings.Builder
	for i := range 100 {
		fmt.Fprintf(&lines, "reported %d\n", i+1)
	}
	begin := time.Now()
	n.completes("report")
	t.Logf("the Job was complete after %.1f s", time.Since(begin).Seconds())
	require.Equal(t, lines.String(), n.first("once", "logs"))
	require.Contains(t, n.first("once", "migrate"), "schema :")

	becomesWithin(t, 80*time.Second, "a Job of the CronJob", "yes", func() string {
		return yes(n.field("cronjob/report", ".status.lastSuccessfulTime") != "")
	})
	n.kc("patch", "cronjob", "report", "-p", `{"spec": {"suspend": true}}`)
	require.Equal(
		t,
		lines.String(),
		n.logs(
			strings.Fields(n.kc("get", "pods", "-l", "app=often", "--field-selector=status.phase=Succeeded", "-o", "jsonpath={.items[*].metadata.name}"))[0],
			"logs",
		),
	)
	n.calm()
}
