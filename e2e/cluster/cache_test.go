//go:build cluster

package cluster

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCache has a cache that both containers of the pod reach and nobody else, and
// that keeps its bound while more is put into it.
func TestCache(t *testing.T) {
	images(t)
	for _, placement := range []string{"native", "beside"} {
		t.Run(placement, func(t *testing.T) {
			n := newNamespace(t)
			n.inject(sidecars("Deployment", "shop", `
    - name: cache
      app: "*"
      placement: `+placement+`
      override: {resources: {requests: {cpu: 5m}}}
      redisCache:
        engine: redis
        maxMemory: 16Mi
        env: {REDIS_HOST: 127.0.0.1, REDIS_PORT: "6379"}
`), strings.Replace(workload, "      containers:\n", `      containers:
        - name: worker
          image: docker.io/library/redis:7
          imagePullPolicy: IfNotPresent
          command: [sh, -c, 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done']
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`, 1))
			n.rolledOut("shop")
			n.answers("PING of the app", "200", "http://"+n.host("shop")+":443/ping")
			pods := strings.Fields(n.kc("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[*].metadata.name}"))
			require.Len(t, pods, 2)
			cli := func(pod string, args ...string) string {
				return n.exec(pod, "worker", append([]string{"redis-cli", "-h", "127.0.0.1"}, args...)...)
			}
			require.Equal(t, "OK", cli(pods[0], "set", "whose", "mine"))
			require.Equal(t, "mine", cli(pods[0], "get", "whose"))
			require.Empty(t, cli(pods[1], "get", "whose"), "each pod has its own")
			for _, pod := range pods {
				n.refused(n.address(pod) + ":6379")
			}
			benchmark := strings.Fields("redis-benchmark -h 127.0.0.1 -t set -n 20000 -r 20000 -d 4096 -P 16 -q")
			n.exec(pods[0], "worker", benchmark...)
			stats := cli(pods[0], "info", "stats")
			require.NotContains(t, stats, "evicted_keys:0\r")
			require.Contains(t, cli(pods[0], "info", "memory"), "maxmemory:16777216\r")
			require.Equal(t, "PONG", cli(pods[0], "ping"))
			n.calm()
		})
	}
}
