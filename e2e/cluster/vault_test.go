//go:build cluster

package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fetcher is a config by which the app gets a password as a file.
func fetcher(n *namespace, more string) string {
	return sidecars("Deployment", "shop", `
    - override: {resources: {requests: {cpu: 5m}}}
      vault:
        address: https://vault.`+n.name+`.svc:8200
        role: shop
        ca: {secretName: vault-tls}
        files: [{path: password, secret: secret/data/shop, field: password}]
`+more)
}

// reader is an app that can't start without its secret.
var reader = strings.NewReplacer(
	"    spec:\n      automount", "    spec:\n      serviceAccountName: shop\n      automount",
	"runAsUser: 65532,", "runAsUser: 65532, runAsGroup: 65532,",
).Replace(withEnv(singleReplica(workload), "{name: CONFIG, value: /vault/secrets/password}"))

// TestVaultAgent holds the app back until its secret is there, which it reads as its
// own user, and keeps it fresh.
func TestVaultAgent(t *testing.T) {
	images(t)
	n := newNamespace(t)
	v := newVault(n)
	n.inject(fetcher(n, "        refreshSeconds: 1\n"), reader)
	n.tells("shop", "vault", "no secret exists at secret/data/shop")
	pod := n.pod("shop")
	require.Equal(t, "false", n.field("pod/"+pod, `.status.containerStatuses[0].started`))
	v.do("kv", "put", "secret/shop", "password=one")
	n.rolledOut("shop")
	url := "http://" + n.address(pod) + ":8080/config"
	becomes(t, "the secret", "one", func() string { return body(url) })
	require.Equal(t, "one", n.exec(pod, "vault", "cat", "/vault/secrets/password"))
	require.Equal(t, "400 65532", n.exec(pod, "vault", "stat", "-c", "%a %u", "/vault/secrets/password"))
	v.do("kv", "put", "secret/shop", "password=two")
	becomesWithin(t, time.Minute, "the new secret", "two", func() string {
		return n.exec(pod, "vault", "cat", "/vault/secrets/password")
	})
	n.calm()
	logSeconds(t, "gone", func() { n.kc("delete", "pod", pod, "--timeout=25s") })
}

// TestVaultOnce fetches the secret before the app starts, as the article does, and by a
// template-less agent; nobody else's pod gets it.
func TestVaultOnce(t *testing.T) {
	images(t)
	n := newNamespace(t)
	newVault(n).do("kv", "put", "secret/shop", "password=one")
	for _, mode := range []string{"cli", "init"} {
		n.inject(fetcher(n, "        mode: "+mode+"\n"), reader)
		n.rolledOut("shop")
		becomes(t, "the secret", "one", func() string { return body("http://" + n.host("shop") + ":443/config") })
	}
	n.calm()
	other := strings.NewReplacer("shop", "thief").Replace(reader)
	n.apply("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: thief}\n")
	n.inject(strings.NewReplacer("name: shop", "name: thief").Replace(fetcher(n, "        mode: cli\n")), other)
	n.tells("thief", "vault", "invalid subject (sub) claim")
	require.Equal(t, "false", n.field("pod/"+n.pod("thief"), `.status.containerStatuses[0].started`))
}
