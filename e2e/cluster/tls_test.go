//go:build cluster

package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	appImage   = "docker.io/outrigger-dev/app:1"
	nginxImage = "docker.io/nginxinc/nginx-unprivileged:1.22.1" // what the cluster's images have inside
	port       = 8080
)

// images gives the cluster what it can't pull.
func images(t *testing.T) {
	t.Helper()
	loadImage(t, appImage, filepath.Join(built, "app"))
	ctr(t, "tag", "--force", "docker.io/nginxinc/nginx-unprivileged:stable", nginxImage)
}

const workload = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: shop
          image: ` + appImage + `
          imagePullPolicy: IfNotPresent
          env: [{name: ADDR, value: ":8080"}]
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{name: https, port: 443, targetPort: http}]
`

// proxied is a config that puts a TLS proxy in front of the app, whose ADDR the
// manifest has: it's replaced.
func proxied(placement, more string) string {
	return fmt.Sprintf(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: shop}
spec:
  select: [{kind: Deployment, name: shop}]
  patterns:
    - placement: %s
      override:
        image: %s
        imagePullPolicy: IfNotPresent
        resources: {requests: {cpu: 5m}}
      tlsProxy:
        port: 8080
        secretName: shop-tls
        rebind: {port: 8081, assumeLoopback: true}
%s    - name: moved
      custom: {app: {env: [{name: ADDR, value: "127.0.0.1:8081", replace: true}]}}
`, placement, nginxImage, more)
}

func TestTLS(t *testing.T) {
	images(t)
	for _, placement := range []string{"native", "beside"} {
		t.Run(placement, func(t *testing.T) {
			n := newNamespace(t)
			host := "shop." + n.name + ".svc.cluster.local"
			ca := newAuthority(t)
			ca.issue("server", host)
			n.apply(ca.secret("shop-tls", "server"))
			begin := time.Now()
			n.inject(proxied(placement, ""), workload)
			n.rolledOut("shop")
			t.Logf("rolled out after %.1f s", time.Since(begin).Seconds())
			becomes(
				t,
				"HTTPS through the Service, verified",
				"200",
				func() string { return n.curl("--cacert", ca.file("ca.crt"), "https://"+host+"/") },
			)
			becomes(t, "plain HTTP", "400", func() string { return n.curl("http://" + host + ":443/") })
			pod := n.kc("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[0].status.podIP}")
			becomes(t, "HTTPS at the pod", "200", func() string { return n.curl("-k", "https://"+pod+":8080/") })
			require.Equal(t, "000", n.curl("http://"+pod+":8081/"), "the app itself")
			n.calm()
		})
	}
}

func TestMutualTLS(t *testing.T) {
	images(t)
	n := newNamespace(t)
	host := "shop." + n.name + ".svc.cluster.local"
	ca, clients := newAuthority(t), newAuthority(t)
	ca.issue("server", host)
	clients.issue("alice")
	clients.issue("bob")
	n.apply(ca.secret("shop-tls", "server") + "---\n" + clients.secret("clients", "alice"))
	n.inject(
		proxied(
			"native",
			"        clients: {ca: {secretName: clients}, allowedCommonNames: [alice], forwardIdentity: true}\n",
		),
		workload,
	)
	n.rolledOut("shop")
	as := func(name string) func() string {
		return func() string {
			return n.curl(
				"--cacert",
				ca.file("ca.crt"),
				"--cert",
				clients.file(name+".crt"),
				"--key",
				clients.file(name+".key"),
				"https://"+host+"/",
			)
		}
	}
	becomes(t, "alice", "200", as("alice"))
	becomes(t, "bob", "403", as("bob"))
	becomes(t, "nobody", "400", func() string { return n.curl("--cacert", ca.file("ca.crt"), "https://"+host+"/") })
	n.calm() // the kubelet's probes are answered
}

// TestLoss counts requests that are lost while pods go: in a rolling update, and
// when a pod is deleted.
func TestLoss(t *testing.T) {
	images(t)
	for _, placement := range []string{"native", "beside"} {
		t.Run(placement, func(t *testing.T) {
			n, url := shop(t, placement, workload)
			t.Run("rolling update", func(t *testing.T) { n.loss(t, url, n.restart) })
			t.Run("deleted pod", func(t *testing.T) {
				n.loss(t, url, func() {
					n.kc(
						"delete",
						"--wait=false",
						"pod",
						n.kc(
							"get",
							"pods",
							"-l",
							"app=shop",
							"--field-selector=status.phase=Running",
							"-o",
							"jsonpath={.items[0].metadata.name}",
						),
					)
				})
			})
		})
		t.Run(placement+" before an app that ends at once", func(t *testing.T) {
			n, url := shop(t, placement, strings.Replace(workload, `env: [`, `env: [{name: ABRUPT, value: "yes"}, `, 1))
			n.loss(t, url, n.restart)
		})
	}
}

// shop is the app behind its proxy, ready, and where it's asked.
func shop(t *testing.T, placement, manifests string) (*namespace, string) {
	t.Helper()
	n := newNamespace(t)
	url := "https://shop." + n.name + ".svc.cluster.local"
	ca := newAuthority(t)
	ca.issue("server", strings.TrimPrefix(url, "https://"))
	n.apply(ca.secret("shop-tls", "server"))
	n.inject(proxied(placement, ""), manifests)
	n.rolledOut("shop")
	becomes(t, "HTTPS through the Service", "200", func() string { return n.curl("-k", url+"/") })
	return n, url
}

func (n *namespace) restart() {
	n.t.Helper()
	n.kc("rollout", "restart", "deployment/shop")
	n.rolledOut("shop")
}

func (n *namespace) loss(t *testing.T, url string, act func(), flags ...string) {
	type answer struct {
		out string
		err error
	}
	done := make(chan answer, 1)
	go func() {
		out, err := run(
			"",
			filepath.Join(tools, "in"),
			append([]string{filepath.Join(built, "load"), "-url", url}, flags...)...)
		done <- answer{out, err}
	}()
	<-time.After(3 * time.Second) // of undisturbed load
	act()
	a := <-done
	require.NoError(t, a.err)
	var counts map[string]struct {
		Sent, Lost int
		Errors     map[string]int
	}
	require.NoError(t, json.Unmarshal([]byte(a.out), &counts))
	require.Len(t, counts, 4)
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%s: %d of %d lost", kind, counts[kind].Lost, counts[kind].Sent)
	}
	for kind, c := range counts {
		require.Greater(t, c.Sent, 100, kind)
		require.Zero(t, c.Lost, "%s: %v", kind, c.Errors)
	}
}
