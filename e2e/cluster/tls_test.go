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

var workload = withTwoReplicas(deployment("shop", "runAsUser: 65532", `      containers:
        - name: shop
          image: `+appImage+`
          imagePullPolicy: IfNotPresent
          env: [{name: ADDR, value: ":8080"}]
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 64Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`)) + service("shop", "name: https, port: 443, targetPort: http")

func withTwoReplicas(manifest string) string {
	return strings.Replace(manifest, "spec:\n", "spec:\n  replicas: 2\n", 1)
}

// proxied is a config that puts a TLS proxy in front of the app, whose ADDR the
// manifest has: it's replaced.
func proxied(placement, more string) string {
	return sidecars("Deployment", "shop", fmt.Sprintf(`    - placement: %s
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
`, placement, nginxImage, more))
}

func TestTLS(t *testing.T) {
	images(t)
	for _, placement := range []string{"native", "beside"} {
		t.Run(placement, func(t *testing.T) {
			n := newNamespace(t)
			host, ca := n.host("shop"), n.certify("shop")
			logSeconds(t, "rolled out", func() {
				n.inject(proxied(placement, ""), workload)
				n.rolledOut("shop")
			})
			n.answers("HTTPS through the Service, verified", "200", ca.trusted("https://"+host+"/")...)
			n.answers("plain HTTP", "400", "http://"+host+":443/")
			pod := n.kc("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[0].status.podIP}")
			n.answers("HTTPS at the pod", "200", "-k", "https://"+pod+":8080/")
			require.Equal(t, "000", status("http://"+pod+":8081/"), "the app itself")
			n.calm()
		})
	}
}

func TestMutualTLS(t *testing.T) {
	images(t)
	n := newNamespace(t)
	ca, clients := n.certify("shop"), newAuthority(t)
	clients.issue("alice")
	clients.issue("bob")
	n.apply(clients.secret("clients", "alice"))
	who := "        clients: {ca: {secretName: clients}, allowedCommonNames: [alice], forwardIdentity: true}\n"
	n.inject(proxied("native", who), workload)
	n.rolledOut("shop")
	nobody := ca.trusted("https://" + n.host("shop") + "/")
	as := func(name string) []string {
		return append([]string{"--cert", clients.file(name + ".crt"), "--key", clients.file(name + ".key")}, nobody...)
	}
	n.answers("alice", "200", as("alice")...)
	n.answers("bob", "403", as("bob")...)
	n.answers("nobody", "400", nobody...)
	n.calm() // the kubelet's probes are answered
}

// TestLoss counts requests that are lost while pods go: in a rolling update, and
// when a pod is deleted.
func TestLoss(t *testing.T) {
	images(t)
	for _, placement := range []string{"native", "beside"} {
		t.Run(placement, func(t *testing.T) {
			n, url := shop(t, placement, workload)
			t.Run("rolling update", func(t *testing.T) { n.loss(t, url, n.restartShop) })
			t.Run("deleted pod", func(t *testing.T) {
				n.loss(t, url, func() {
					pod := n.kc("get", "pods", "-l", "app=shop",
						"--field-selector=status.phase=Running", "-o", "jsonpath={.items[0].metadata.name}")
					n.kc("delete", "--wait=false", "pod", pod)
				})
			})
		})
		t.Run(placement+" before an app that ends at once", func(t *testing.T) {
			n, url := shop(t, placement, withEnv(workload, `{name: ABRUPT, value: "yes"}`))
			n.loss(t, url, n.restartShop)
		})
	}
}

// shop is the app behind its proxy, ready, and where it's asked.
func shop(t *testing.T, placement, manifests string) (*namespace, string) {
	t.Helper()
	n := newNamespace(t)
	n.certify("shop")
	url := "https://" + n.host("shop")
	n.inject(proxied(placement, ""), manifests)
	n.rolledOut("shop")
	n.answers("HTTPS through the Service", "200", "-k", url+"/")
	return n, url
}

func (n *namespace) restartShop() { n.restart("shop") }

// loss loads a URL while something is done, and asserts that no request is lost.
func (n *namespace) loss(t *testing.T, url string, act func(), flags ...string) {
	type answer struct {
		out string
		err error
	}
	done := make(chan answer, 1)
	go func() {
		out, err := onNode(filepath.Join(built, "load"), append([]string{"-url", url}, flags...)...)
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
