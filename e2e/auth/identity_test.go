package auth

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

// says sends a request as it's written, and returns what the app got of it.
func says(t *testing.T, request string) (int, seen) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", "127.0.0.1:8080", pod.Patience)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	var s seen
	if resp.StatusCode == 200 {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&s))
	}
	return resp.StatusCode, s
}

// An app reads who is there from headers that its config names. Only the proxy writes them, in whatever way a client
// spells them: in other cases, twice, with underscores, with blanks, folded, in a trailer, and on public paths.
func TestIdentityHeaders(t *testing.T) {
	containers, files := renderProxy(t, &proxy.AuthProxy{
		Basic:       &proxy.Basic{SecretName: "users"},
		PublicPaths: []string{"/open"},
		IdentityHeaders: map[string]proxy.Identity{"X-WEBAUTH-USER": "user", "x-shop-person": "user",
			"X-Auth-Request-User": "user"},
	})
	serve(t)
	launch(t, containers[0], map[string]*pod.Volume{
		"/etc/outrigger/nginx": pod.NewVolume(t, files), "/tmp": nil,
		"/etc/outrigger/users": pod.NewVolume(t, map[string]string{"htpasswd": "alice:{PLAIN}secret\n"})})
	login := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("alice:secret")) + "\r\n"
	names := []string{"X-Webauth-User", "X-Shop-Person", "X-Auth-Request-User"}
	for _, pretence := range []string{
		"", "X-WEBAUTH-USER: root\r\n", "x-webauth-user: root\r\n", "X-Webauth-User: root\r\nX-WEBAUTH-USER: root\r\n",
		"X_WEBAUTH_USER: root\r\n", "X-WEBAUTH_USER: root\r\n", "X_SHOP_PERSON: root\r\n", "X-SHOP-PERSON:root\r\n",
		"X-Shop-Person:\troot\r\n", "X-Shop.Person: root\r\n", "X-WEBAUTH-EMAIL: root\r\nX-WEBAUTH-GROUPS: root\r\n",
		"Connection: X-WEBAUTH-USER\r\nX-WEBAUTH-USER: root\r\n", "X-Shop-Person: \r\nX-Shop-Person: root\r\n",
	} {
		status, got := says(t, "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"+pretence+login+"\r\n")
		require.Equal(t, 200, status, pretence)
		for _, name := range names {
			require.Equal(t, []string{"alice"}, got.Header[name], pretence)
		}
		require.NotContains(t, fmt.Sprint(got.Header), "root", pretence)
		status, got = says(t, "GET /open HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"+pretence+"\r\n")
		require.Equal(t, 200, status, pretence)
		require.NotContains(t, fmt.Sprint(got.Header), "root", pretence)
	}
	// What isn't a header to nginx doesn't become one of the app's.
	for _, odd := range []string{"X-WEBAUTH-USER : root\r\n", "X-Other: a\r\n X-WEBAUTH-USER: root\r\n",
		"X-Other: a\rX-WEBAUTH-USER: root\r\n", "X-Other: a\nX-WEBAUTH-USER: root\r\n", "X-WEBAUTH-USER\x00: root\r\n"} {
		status, got := says(t, "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"+odd+login+"\r\n")
		if status == 200 {
			require.Equal(t, []string{"alice"}, got.Header["X-Webauth-User"], odd)
			require.NotContains(t, strings.Join(values(got.Header), " "), "root", odd)
			continue
		}
		require.Equal(t, 400, status, odd)
	}
	status, got := says(t, "POST / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"+
		"Trailer: X-WEBAUTH-USER\r\n"+login+"\r\n0\r\nX-WEBAUTH-USER: root\r\n\r\n")
	require.Equal(t, 200, status)
	require.Equal(t, []string{"alice"}, got.Header["X-Webauth-User"])
}

// The cluster's own issuer shows its keys to those who bring a token. It's read anew each time, as the kubelet
// replaces it.
func TestKeysForAccounts(t *testing.T) {
	a, token := tokens(t)
	var allowed string
	a.change(func() {
		allowed = "first"
		a.answer = func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			defer a.mu.Unlock()
			if r.Header.Get("Authorization") != "Bearer "+allowed {
				http.Error(w, "who is there?", http.StatusUnauthorized)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": a.keys})
		}
	})
	a.up()
	p := reports(func(p *proxy.AuthProxy) { p.JWT.AsServiceAccount, p.JWT.CA = true, nil })
	account := pod.NewVolume(t, map[string]string{"token": "none"})
	c := a.verifierWith(t, p, map[string]*pod.Volume{"/etc/outrigger/account": account})
	pod.Poll(t, "the refusal", func() bool { return a.fetches() > 0 })
	comesIn(t, token(nil), 503)
	account.WriteFiles(map[string]string{"token": "first"})
	comesIn(t, token(nil), 200)
	a.change(func() { allowed = "second" })
	account.WriteFiles(map[string]string{"token": "second"})
	was := a.fetches()
	pod.Poll(t, "another fetch", func() bool { return a.fetches() > was+1 })
	comesIn(t, token(nil), 200)
	require.NotContains(t, c.Log.String(), "first")
}
