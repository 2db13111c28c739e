//go:build cluster

package cluster

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// authenticated is a config that lets nobody in to the app without.
func authenticated(how string) string {
	return sidecars("Deployment", "shop", `
    - override: {image: `+nginxImage+`, resources: {requests: {cpu: 5m}}}
      authProxy:
        port: 8080
        secretName: shop-tls
        rebind: {port: 8081, assumeLoopback: true}
        `+how+`
    - name: moved
      custom: {app: {env: [{name: ADDR, value: "127.0.0.1:8081", replace: true}]}}
`)
}

// guarded is the app behind its proxy, and where it's asked.
func (n *namespace) guarded(how string) (ask func(args ...string) func() string) {
	n.t.Helper()
	ca := n.certify("shop")
	n.inject(authenticated(how), workload)
	n.rolledOut("shop")
	return func(args ...string) func() string {
		return func() string { return status(append(args, ca.trusted("https://"+n.host("shop")+"/")...)...) }
	}
}

func TestBasicAuth(t *testing.T) {
	images(t)
	n := newNamespace(t)
	n.apply("apiVersion: v1\nkind: Secret\nmetadata: {name: users}\nstringData: {auth: 'alice:{PLAIN}secret'}\n")
	ask := n.guarded("basic: {secretName: users}")
	becomes(t, "nobody", "401", ask())
	becomes(t, "alice", "200", ask("-u", "alice:secret"))
	becomes(t, "somebody else", "401", ask("-u", "alice:guess"))
	n.calm() // the kubelet's probes are answered
}

// TestTokens has the cluster itself as the provider: it signs the tokens of
// ServiceAccounts, and oauth2-proxy verifies them by the keys that it publishes.
func TestTokens(t *testing.T) {
	images(t)
	authority, err := kubectl("get", "configmap", "kube-root-ca.crt", "-o", `jsonpath={.data.ca\.crt}`)
	require.NoError(t, err)
	load(t, "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6", "/bin/oauth2-proxy", archive(t, map[string][]byte{
		"bin/oauth2-proxy":                  contents(t, filepath.Join(bin, "oauth2-proxy")),
		"etc/ssl/certs/ca-certificates.crt": []byte(authority),
	}, nil))
	n := newNamespace(t)
	n.apply(`apiVersion: v1
kind: Secret
metadata: {name: client}
stringData: {client-secret: unused, cookie-secret: 0123456789abcdef}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: alice}
`)
	// The proxy reads what the provider publishes without a name.
	_, err = kubectl("create", "clusterrolebinding", n.name,
		"--clusterrole=system:service-account-issuer-discovery", "--group=system:unauthenticated")
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = kubectl("delete", "clusterrolebinding", n.name) })
	ask := n.guarded("oidc: {issuerURL: https://kubernetes.default.svc, clientID: shop, secretName: client}")
	token := func(audience string) string {
		return "Authorization: Bearer " + n.kc("create", "token", "alice", "--audience="+audience)
	}
	becomes(t, "nobody", "401", ask())
	becomes(t, "somebody with a browser, who is led to the login", "302", ask("-H", "Accept: text/html"))
	becomes(t, "alice", "200", ask("-H", token("shop")))
	becomes(t, "alice, with a token for others", "401", ask("-H", token("bank")))
	n.calm()
}
