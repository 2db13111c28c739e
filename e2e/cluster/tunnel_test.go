//go:build cluster

package cluster

import (
	"path/filepath"
	"testing"
)

const redis = `apiVersion: apps/v1
kind: Deployment
metadata: {name: redis}
spec:
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 999, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: redis
          image: docker.io/library/redis:7
          imagePullPolicy: IfNotPresent
          args: [redis-server, --port, "0", --tls-port, "6380", --tls-cert-file, /tls/tls.crt, --tls-key-file, /tls/tls.key, --tls-ca-cert-file, /tls/ca.crt, --save, ""]
          readinessProbe: {tcpSocket: {port: 6380}, periodSeconds: 1}
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: tls, mountPath: /tls, readOnly: true}]
      volumes: [{name: tls, secret: {secretName: redis-tls}}]
---
apiVersion: v1
kind: Service
metadata: {name: redis}
spec:
  selector: {app: redis}
  ports: [{port: 6380}]
`

// TestTunnel reaches a Redis that speaks TLS only, by client certificate, from an
// app that doesn't; the app's pod comes up before the Redis is there.
func TestTunnel(t *testing.T) {
	images(t)
	loadImage(t, "docker.io/ghostunnel/ghostunnel:v1.11.1-distroless", filepath.Join(bin, "ghostunnel"))
	n := newNamespace(t)
	server := "redis." + n.name + ".svc.cluster.local"
	ca := newAuthority(t)
	ca.issue("redis", server)
	ca.issue("shop")
	n.apply(ca.secret("redis-tls", "redis") + "---\n" + ca.secret("shop-client", "shop"))
	n.inject(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: shop}
spec:
  select: [{kind: Deployment, name: shop}]
  patterns:
    - override: {imagePullPolicy: IfNotPresent, resources: {requests: {cpu: 5m}}}
      tunnel:
        listenPort: 6379
        host: `+server+`
        port: 6380
        ca: {secretName: shop-client}
        clientCertificate: {secretName: shop-client}
        env: {REDIS_HOST: 127.0.0.1, REDIS_PORT: "6379"}
`, workload)
	n.rolledOut("shop")
	host := "shop." + n.name + ".svc.cluster.local:443"
	becomes(t, "the app without its Redis", "502", func() string { return n.curl("http://" + host + "/ping") })
	n.apply(redis)
	n.rolledOut("redis")
	becomes(t, "PING through the tunnel", "200", func() string { return n.curl("http://" + host + "/ping") })
	pod := n.kc("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[0].status.podIP}")
	becomes(t, "the tunnel from outside of the pod", "000", func() string { return n.curl("http://" + pod + ":6379/") })
}
