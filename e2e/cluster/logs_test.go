//go:build cluster

package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writer logs to a file: numbered lines, another file every 40 of them, and five more
// after it was told to end.
var writer = deployment("shop", "runAsUser: 65532, runAsGroup: 65532", `      containers:
        - name: shop
          image: docker.io/library/busybox:1.36
          imagePullPolicy: IfNotPresent
          command: [sh, -c]
          args:
            - |
              i=0
              line() {
                i=$((i + 1))
                echo "line $i" >>/var/log/shop/app.log
                echo "other $i" >>/var/log/shop/other.log
              }
              trap 'for n in 1 2 3 4 5; do line; done; echo $i; exit 0' TERM
              while :; do
                line
                [ $((i % 40)) -ne 0 ] || mv /var/log/shop/app.log /var/log/shop/app.log.1
                sleep 0.05 &
                wait $!
              done
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`)

// TestLogTail streams every line, through rotation and to the last one, in order and
// none of another file's; and the pod is gone in time.
func TestLogTail(t *testing.T) {
	for _, placement := range []string{"native", "beside"} {
		t.Run(placement, func(t *testing.T) {
			n := newNamespace(t)
			n.inject(sidecars("Deployment", "shop", `
    - name: logs
      placement: `+placement+`
      logTail: {directory: /var/log/shop, files: [app.log, other.log], sizeLimit: 64Mi}
`), writer)
			n.rolledOut("shop")
			pod := n.pod("shop")
			app, other, last := n.follow(pod, "logs-app"), n.follow(pod, "logs-other"), n.follow(pod, "shop")
			becomes(t, "lines of a third file", "there", func() string {
				if strings.Contains(n.logs(pod, "logs-app"), "line 100\n") {
					return "there"
				}
				return "missing"
			})
			n.calm()
			begin := time.Now()
			n.kc("delete", "--wait=false", "pod", pod)
			count := strings.TrimSpace(<-last)
			var lines, others strings.Builder
			for i := 1; fmt.Sprint(i-1) != count && i < 10000; i++ {
				fmt.Fprintf(&lines, "line %d\n", i)
				fmt.Fprintf(&others, "other %d\n", i)
			}
			require.Equal(t, lines.String(), <-app)
			require.Equal(t, others.String(), <-other)
			n.kc("wait", "--for=delete", "pod/"+pod, "--timeout=25s") // of a grace period of 30
			t.Logf("%s lines, gone after %.1f s", count, time.Since(begin).Seconds())
		})
	}
}
