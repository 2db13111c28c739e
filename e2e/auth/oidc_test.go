package auth

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

const issuerURL = "https://127.0.0.1:8444"

// An issuer is an OpenID Connect provider, as far as programs' tokens need one.
type issuer struct {
	key *rsa.PrivateKey
	ca  string // of its certificate, in PEM

	tokens http.HandlerFunc // its token endpoint; nil: there is none
}

// issueLoopback signs a server's certificate for 127.0.0.1.
func issueLoopback(t *testing.T, ca *certs.Authority) tls.Certificate {
	t.Helper()
	return ca.Issue(t, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{key: rsaKey(t)}
	ca := certs.NewAuthority(t, "issuer")
	i.ca = ca.Bundle()["ca.crt"]
	l, err := tls.Listen("tcp", "127.0.0.1:8444", &tls.Config{Certificates: []tls.Certificate{issueLoopback(t, ca)}})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer":                                issuerURL,
			"authorization_endpoint":                issuerURL + "/login",
			"token_endpoint":                        issuerURL + "/token",
			"jwks_uri":                              issuerURL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"code_challenge_methods_supported":      []string{"S256"},
		})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if i.tokens == nil {
			w.WriteHeader(404)
			return
		}
		i.tokens(w, r)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		key := with(publicRSA("one", &i.key.PublicKey), map[string]any{"alg": "RS256", "use": "sig"})
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{key}})
	})
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return i
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}

// claims are those of a good token, with changes.
func claims(change map[string]any) map[string]any {
	return with(map[string]any{
		"iss":            issuerURL,
		"aud":            "reports",
		"sub":            "u1",
		"email":          "alice@example.com",
		"email_verified": true,
		"iat":            time.Now().Unix(),
		"exp":            at(time.Hour),
	}, change)
}

// token signs claims, with RS256, HS256 (the public key as the secret) or not at all.
func (i *issuer) token(t *testing.T, alg string, key *rsa.PrivateKey, c map[string]any) string {
	t.Helper()
	header := map[string]any{"alg": alg, "kid": "one", "typ": "JWT"}
	switch alg {
	case "RS256":
		return signed(t, alg, key, header, c)
	case "HS256":
		return signed(t, alg, x509.MarshalPKCS1PublicKey(&i.key.PublicKey), header, c)
	}
	return part(t, header) + "." + part(t, c) + "."
}

// sign makes a token of the issuer's, with changes to a good one's claims.
func (i *issuer) sign(t *testing.T, change map[string]any) string {
	t.Helper()
	return i.token(t, "RS256", i.key, claims(change))
}

// launch runs oauth2-proxy, as a client of the issuer, and the nginx that asks it.
func (i *issuer) launch(t *testing.T, containers []corev1.Container, files map[string]string) {
	t.Helper()
	require.Len(t, containers, 2)
	require.Equal(t, "auth-proxy-login", containers[0].Name, "it starts before nginx, which asks it")
	login := containers[0]
	for n := range login.Env {
		require.NotNil(t, login.Env[n].ValueFrom.SecretKeyRef, "secrets stand in no manifest")
		login.Env[n].Value = strings.Repeat("s", 32)
	}
	launch(t, login, map[string]*pod.Volume{
		pod.Programs:              pod.ExistingVolume(t, pod.Built()),
		"/etc/outrigger/provider": pod.NewVolume(t, map[string]string{"ca.crt": i.ca}),
	})
	launch(t, containers[1], map[string]*pod.Volume{"/etc/outrigger/nginx": pod.NewVolume(t, files), "/tmp": nil})
}

// reportsClient is the app as the issuer knows it.
func reportsClient() *proxy.OIDC {
	return &proxy.OIDC{
		IssuerURL:   issuerURL,
		ClientID:    "reports",
		SecretName:  "oidc",
		CA:          &pattern.CABundle{ConfigMapName: "issuer-ca"},
		RedirectURL: "https://reports.example.com/oauth2/callback",
	}
}

func TestOIDC(t *testing.T) {
	i := newIssuer(t)
	containers, files := renderProxy(t, &proxy.AuthProxy{
		PublicPaths: []string{"/open", "/static/*"},
		OIDC:        reportsClient(),
	})
	i.launch(t, containers, files)
	serve(t)

	good := i.sign(t, nil)
	for name, c := range map[string]struct {
		header map[string]string
		want   int
	}{
		"nobody":             {map[string]string{}, 401},
		"alice":              {bearer(good), 200},
		"expired":            {bearer(i.sign(t, map[string]any{"exp": at(-time.Hour)})), 401},
		"for another app":    {bearer(i.sign(t, map[string]any{"aud": "payroll"})), 401},
		"another issuer":     {bearer(i.sign(t, map[string]any{"iss": "https://evil.example"})), 401},
		"another key":        {bearer(i.token(t, "RS256", rsaKey(t), claims(nil))), 401},
		"not signed":         {bearer(i.token(t, "none", nil, claims(nil))), 401},
		"a confused key":     {bearer(i.token(t, "HS256", nil, claims(nil))), 401},
		"no signature":       {bearer(good[:strings.LastIndexByte(good, '.')+1]), 401},
		"garbage":            {bearer("a.b.c"), 401},
		"a made-up session":  {map[string]string{"Cookie": "_oauth2_proxy=abc|1|x"}, 401},
		"asked as a browser": {map[string]string{"Accept": "text/html,*/*"}, 302},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, got := ask(t, "GET", "/admin?x=1&y=%2F", pretended(c.header))
			require.Equal(t, c.want, status)
			switch status {
			case 200:
				require.Equal(t, "/admin?x=1&y=%2F", got.URI)
				require.Equal(t, "alice@example.com", got.Header.Get("X-Auth-Request-Email"))
				require.NotContains(t, strings.Join(values(got.Header), " "), "root")
			case 302:
				require.True(t, strings.HasPrefix(header.Get("Location"), issuerURL+"/login?"), header)
				require.Contains(t, header.Get("Location"), "code_challenge_method=S256")
				require.Contains(t, header.Get("Location"), "redirect_uri=https%3A%2F%2Freports.example.com%2Foauth2%2Fcallback")
			}
		})
	}
	for _, path := range []string{"/open", "/static/x.css"} {
		status, _, got := ask(t, "GET", path, pretended(map[string]string{}))
		require.Equal(t, 200, status, path)
		require.NotContains(t, strings.Join(values(got.Header), " "), "root")
	}
	for _, path := range tricks {
		status, _, got := ask(t, "GET", path, nil)
		require.Contains(t, []int{400, 401}, status, "%s: the app got %s", path, got.URI)
	}

	// The kubelet comes in where its probe asks, and nowhere else.
	for path, want := range map[string]int{"/ready?db=1": 200, "/ready": 404, "/admin": 404, "/-/outrigger/ready": 204} {
		r, err := http.Get("http://127.0.0.1:16000" + path)
		require.NoError(t, err)
		_ = r.Body.Close()
		require.Equal(t, want, r.StatusCode, path)
	}

	// A body of ten megabytes goes through whole.
	r, err := http.NewRequest("POST", "http://127.0.0.1:8080/upload", bytes.NewReader(make([]byte, 10<<20)))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+good)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
}
