//go:build cluster

package cluster

import (
	"path/filepath"
	"testing"
)

// redisOverTLS are arguments of a Redis that speaks TLS only, and asks its clients for a certificate.
const redisOverTLS = `--port, "0", --tls-port, "6380", --tls-cert-file, /tls/tls.crt, ` +
	`--tls-key-file, /tls/tls.key, --tls-ca-cert-file, /tls/ca.crt`

var redis = deployment("redis", "runAsUser: 999", `      containers:
        - name: redis
          image: docker.io/library/redis:7
          imagePullPolicy: IfNotPresent
          args: [redis-server, `+redisOverTLS+`, --save, ""]
          readinessProbe: {tcpSocket: {port: 6380}, periodSeconds: 1}
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: tls, mountPath: /tls, readOnly: true}]
      volumes: [{name: tls, secret: {secretName: redis-tls}}]
`) + service("redis", "port: 6380")

func loadTunnel(t *testing.T) {
	t.Helper()
	loadImage(t, "docker.io/ghostunnel/ghostunnel:v1.11.3-distroless", filepath.Join(bin, "ghostunnel"))
}

// issueForRedis returns the Secrets of the Redis, and of a client of it.
func (n *namespace) issueForRedis(client string) string {
	n.t.Helper()
	ca := newAuthority(n.t)
	ca.issue("redis", n.host("redis"))
	ca.issue(client)
	return ca.secret("redis-tls", "redis") + "---\n" + ca.secret(client, client)
}

// TestTunnel reaches a Redis that speaks TLS only, by client certificate, from an
// app that doesn't; the app's pod comes up before the Redis is there.
func TestTunnel(t *testing.T) {
	images(t)
	loadTunnel(t)
	n := newNamespace(t)
	n.apply(n.issueForRedis("client"))
	n.inject(sidecars("Deployment", "shop", n.tunnelToRedis("client")), workload)
	n.rolledOut("shop")
	url := "http://" + n.host("shop") + ":443/ping"
	n.answers("the app without its Redis", "502", url)
	n.apply(redis)
	n.rolledOut("redis")
	n.answers("PING through the tunnel", "200", url)
	pod := n.kc("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[0].status.podIP}")
	n.answers("the tunnel from outside of the pod", "000", "http://"+pod+":6379/")
}
