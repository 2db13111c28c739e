//go:build cluster

package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var vaultServer = deployment("vault", "runAsUser: 100", `      containers:
        - name: vault
          image: docker.io/hashicorp/vault:2.1.2
          args:
            - server
            - -dev
            - -dev-root-token-id=root
            - -dev-no-store-token
            - -dev-listen-address=127.0.0.1:8201
            - -config=/config
          env:
            - {name: HOME, value: /tmp}
            - {name: VAULT_ADDR, value: "http://127.0.0.1:8201"}
            - {name: VAULT_TOKEN, value: root}
          readinessProbe: {tcpSocket: {port: 8200}, periodSeconds: 1}
          resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 512Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          volumeMounts:
            - {name: config, mountPath: /config}
            - {name: tls, mountPath: /tls}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - {name: config, configMap: {name: vault}}
        - {name: tls, secret: {secretName: vault-tls}}
        - {name: tmp, emptyDir: {}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: vault}
data:
  listener.json: |
    {"listener": [{"tcp": {
      "address": "0.0.0.0:8200", "tls_cert_file": "/tls/tls.crt", "tls_key_file": "/tls/tls.key"
    }}]}
`) + service("vault", "port: 8200") + `---
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop}
`

// A vault is a real one in the cluster.
type vault struct {
	*namespace
	pod string
}

// newVault lets ServiceAccount shop of the namespace in, by the tokens that this
// cluster signs: by their keys, where the method for Kubernetes would ask the API.
func newVault(n *namespace) *vault {
	t := n.t
	t.Helper()
	loadShellImage(t, "docker.io/hashicorp/vault:2.1.2", filepath.Join(bin, "vault"))
	ca := newAuthority(t)
	ca.issue("vault", "vault."+n.name+".svc")
	n.apply(ca.secret("vault-tls", "vault") + "---\n" + vaultServer)
	n.rolledOut("vault")
	v := &vault{n, n.pod("vault")}
	v.do("auth", "enable", "-path=kubernetes", "jwt")
	v.do("write", "auth/kubernetes/config", "jwt_validation_pubkeys="+signers(t))
	v.do("write", "auth/kubernetes/role/shop", "role_type=jwt", "user_claim=sub", "bound_audiences=vault",
		"bound_subject=system:serviceaccount:"+n.name+":shop", "token_policies=shop")
	policy := `echo 'path "secret/data/*" { capabilities = ["read"] }' | vault policy write shop -`
	n.kc("exec", v.pod, "--", "sh", "-c", policy)
	return v
}

func (v *vault) do(args ...string) {
	v.t.Helper()
	v.kc(append([]string{"exec", v.pod, "--", "vault"}, args...)...)
}

// signers are the keys with which the API server signs tokens, in PEM.
func signers(t *testing.T) string {
	t.Helper()
	out, err := kubectl("get", "--raw", "/openid/v1/jwks")
	require.NoError(t, err)
	var set struct {
		Keys []struct{ Kty, Crv, X, Y string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &set))
	var text strings.Builder
	for _, k := range set.Keys {
		require.Equal(t, "EC P-256", k.Kty+" "+k.Crv)
		point := []byte{4} // both coordinates follow
		for _, s := range []string{k.X, k.Y} {
			b, err := base64.RawURLEncoding.DecodeString(s)
			require.NoError(t, err)
			point = append(point, b...)
		}
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		require.NoError(t, err)
		der, err := x509.MarshalPKIXPublicKey(key)
		require.NoError(t, err)
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	return text.String()
}
