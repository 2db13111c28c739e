package vault

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/servers"
)

const address = "https://127.0.0.1:8200"

// A server is a real Vault, its storage in memory.
type server struct {
	t   *testing.T
	ca  string // PEM
	dir string
	key *ecdsa.PrivateKey // signs pods' tokens
}

// serve starts one that lets ServiceAccount prod/shop in, by tokens for vault, to what
// a policy says.
func serve(t *testing.T) *server {
	t.Helper()
	dir, err := os.MkdirTemp(pod.Roots, "server")
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	s := &server{t: t, dir: dir, key: key}
	cmd := s.command("server", "-dev", "-dev-tls", "-dev-tls-cert-dir="+dir, "-dev-root-token-id=root",
		"-dev-no-store-token")
	servers.Start(t, cmd, syscall.SIGKILL)
	pod.Poll(t, "the server", func() bool { return s.command("status").Run() == nil })
	ca, err := os.ReadFile(filepath.Join(dir, "vault-ca.pem"))
	require.NoError(t, err)
	s.ca = string(ca)

	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	s.run("auth", "enable", "-path=kubernetes", "jwt")
	s.run("write", "auth/kubernetes/config",
		"jwt_validation_pubkeys="+string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	s.run("write", "auth/kubernetes/role/shop", "role_type=jwt", "user_claim=sub", "bound_audiences=vault",
		"bound_subject=system:serviceaccount:prod:shop", "token_policies=shop")
	s.run("secrets", "enable", "-path=legacy", "-version=1", "kv")
	policy := filepath.Join(dir, "policy")
	require.NoError(t, os.WriteFile(policy, []byte(`path "secret/data/*" { capabilities = ["read"] }
path "legacy/*" { capabilities = ["read"] }`), 0o600))
	s.run("policy", "write", "shop", policy)
	return s
}

// command is the vault command as an administrator.
func (s *server) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(pod.Built(), "vault"), args...)
	cmd.Env = []string{
		"PATH=/usr/bin:/bin",
		"HOME=" + s.dir,
		"VAULT_ADDR=" + address,
		"VAULT_TOKEN=root",
		"VAULT_CACERT=" + filepath.Join(s.dir, "vault-ca.pem"),
	}
	return cmd
}

func (s *server) run(args ...string) {
	s.t.Helper()
	out, err := s.command(args...).CombinedOutput()
	require.NoError(s.t, err, "%s", out)
}

// put writes a secret.
func (s *server) put(path string, values map[string]any) {
	s.t.Helper()
	raw, err := json.Marshal(values)
	require.NoError(s.t, err)
	cmd := s.command("kv", "put", path, "-")
	cmd.Stdin = strings.NewReader(string(raw))
	out, err := cmd.CombinedOutput()
	require.NoError(s.t, err, "%s", out)
}

// token is one that a kubelet projects for ServiceAccount prod/shop, with changes.
func (s *server) token(change map[string]any) string {
	s.t.Helper()
	claims := map[string]any{
		"iss": "https://kubernetes.default.svc",
		"sub": "system:serviceaccount:prod:shop",
		"aud": []string{"vault"},
		"iat": time.Now().Unix(),
		"nbf": time.Now().Unix(),
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	maps.Copy(claims, change)
	part := func(v any) string {
		raw, err := json.Marshal(v)
		require.NoError(s.t, err)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := part(map[string]any{"alg": "ES256", "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	require.NoError(s.t, err)
	signature := append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}
