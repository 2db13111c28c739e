package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

var b64 = base64.RawURLEncoding.EncodeToString

// guarded is embedded in servers whose fields tests change and read while they answer.
type guarded struct{ mu sync.Mutex }

// change changes what the server answers from now on, or reads it.
func (g *guarded) change(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

// An authority signs tokens and publishes its keys, over TLS with a certificate of its
// own.
type authority struct {
	t  *testing.T
	ca string // in PEM

	guarded
	keys    []any // that are published
	answer  func(w http.ResponseWriter, r *http.Request)
	fetched int
	server  *http.Server
	cert    tls.Certificate
}

const keysURI = "https://127.0.0.1:8444/keys"

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	ca := certs.NewAuthority(t, "issuer")
	a.ca, a.cert = ca.Bundle()["ca.crt"], issueLoopback(t, ca)
	t.Cleanup(a.down)
	return a
}

// up makes the issuer answer.
func (a *authority) up() {
	a.t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:8444", &tls.Config{Certificates: []tls.Certificate{a.cert}})
	require.NoError(a.t, err)
	a.server = &http.Server{Handler: a}
	go func() { _ = a.server.Serve(l) }()
}

func (a *authority) down() {
	if a.server != nil {
		_ = a.server.Close()
	}
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.fetched++
	answer, keys := a.answer, a.keys
	a.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
}

func (a *authority) fetches() (times int) {
	a.change(func() { times = a.fetched })
	return times
}

func publicRSA(kid string, key *rsa.PublicKey) map[string]any {
	return map[string]any{"kty": "RSA", "kid": kid, "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}
}

func publicEC(t *testing.T, kid string, key *ecdsa.PrivateKey) map[string]any {
	t.Helper()
	point, err := key.PublicKey.Bytes()
	require.NoError(t, err)
	n := (len(point) - 1) / 2
	return map[string]any{
		"kty": "EC",
		"kid": kid,
		"crv": key.Params().Name,
		"x":   b64(point[1 : 1+n]),
		"y":   b64(point[1+n:]),
	}
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return key
}

// with is m with changes; nil takes a name out.
func with(m map[string]any, change map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	for k, v := range change {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

// part is a part of a token: JSON, or a text as it is.
func part(t *testing.T, v any) string {
	t.Helper()
	if text, ok := v.(string); ok {
		return b64([]byte(text))
	}
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return b64(raw)
}

// signed is a token with header and claims, signed as alg says, whatever the header
// does. A key of bytes makes HS256.
func signed(t *testing.T, alg string, key any, header, claims any) string {
	t.Helper()
	text := part(t, header) + "." + part(t, claims)
	return text + "." + b64(signature(t, alg, key, text))
}

func signature(t *testing.T, alg string, key any, text string) []byte {
	t.Helper()
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[alg[2:]]
	h := hash.New()
	h.Write([]byte(text))
	sum := h.Sum(nil)
	switch key := key.(type) {
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	case *rsa.PrivateKey:
		if strings.HasPrefix(alg, "PS") {
			s, err := rsa.SignPSS(rand.Reader, key, hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
			require.NoError(t, err)
			return s
		}
		s, err := rsa.SignPKCS1v15(rand.Reader, key, hash, sum)
		require.NoError(t, err)
		return s
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, sum)
		require.NoError(t, err)
		size := (key.Params().BitSize + 7) / 8
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		s.FillBytes(out[size:])
		return out
	}
	require.FailNow(t, fmt.Sprintf("no such key: %T", key))
	return nil
}

// volume is a ConfigMap's with the keys.
func (a *authority) volume(t *testing.T) *pod.Volume {
	t.Helper()
	return pod.NewVolume(t, contents(t, a))
}

func contents(t *testing.T, a *authority) map[string]string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"keys": a.keys})
	require.NoError(t, err)
	return map[string]string{"jwks.json": string(raw)}
}
