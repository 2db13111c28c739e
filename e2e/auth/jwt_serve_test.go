package auth

import (
	"bufio"
	"bytes"
	"crypto/elliptic"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

// tokens is an issuer with one key, and how it signs.
func tokens(t *testing.T) (*authority, func(change map[string]any) string) {
	t.Helper()
	a := newAuthority(t)
	key := rsaKey(t)
	a.keys = []any{publicRSA("one", &key.PublicKey)}
	return a, func(change map[string]any) string {
		return signed(t, "RS256", key, map[string]any{"alg": "RS256", "kid": "one"}, with(shopClaims(), change))
	}
}

// TestTokenClaims: the app is told what the token says, and nothing that a client says.
func TestTokenClaims(t *testing.T) {
	a, token := tokens(t)
	a.up()
	a.verifier(t, reports())
	comesIn(t, token(nil), 200)
	good := token(map[string]any{
		"groups":                      []any{"a", "b,c", 1, "d"},
		"realm_access":                map[string]any{"roles": []string{"x", "y"}},
		"https://shop.example/tenant": "T ü",
		"level":                       7,
	})
	forged := bearer(good)
	for _, name := range []string{
		"X-Jwt-Sub", "x-jwt-sub", "X_Jwt_Sub", "X-Jwt-Level", "X-Jwt-Payload", "X-Goog-Authenticated-User-Email",
	} {
		forged[name] = "root"
	}
	status, _, got := ask(t, "GET", "/admin", pretended(forged))
	require.Equal(t, 200, status)
	for header, want := range map[string]string{
		"X-Jwt-Sub": "u1", "X-Forwarded-User": "alice@example.com", "X-Jwt-Groups": "a,d", "X-Jwt-Roles": "x,y",
		"X-Jwt-Url": "T ü", "X-Jwt-Level": "7",
	} {
		require.Equal(t, []string{want}, got.Header[header], header)
	}
	require.NotContains(t, strings.Join(values(got.Header), " "), "root")
	require.Empty(t, got.Header.Get("Authorization"), "the token isn't the app's affair")

	less := token(map[string]any{"email": nil, "realm_access": map[string]any{"roles": map[string]any{"a": 1}}})
	status, _, got = ask(t, "GET", "/admin", pretended(bearer(less)))
	require.Equal(t, 200, status)
	for _, header := range []string{"X-Forwarded-User", "X-Jwt-Groups", "X-Jwt-Roles"} {
		require.Empty(t, got.Header[header], header)
	}
	for _, sub := range []string{" root", "root ", "\u00a0root", "ro\tot", "root\n"} {
		status, _, got = ask(t, "GET", "/admin", bearer(token(map[string]any{"sub": sub})))
		require.Equal(t, 401, status, "%q would come as %q", sub, got.Header["X-Jwt-Sub"])
	}
	_, _, got = ask(t, "GET", "/admin", bearer(token(map[string]any{"groups": []string{" root", "a", "root "}})))
	require.Equal(t, []string{"a"}, got.Header["X-Jwt-Groups"])
	for _, path := range []string{"/open", "/static/x"} {
		status, _, got := ask(t, "GET", path, pretended(map[string]string{"X-Jwt-Sub": "root"}))
		require.Equal(t, 200, status)
		require.NotContains(t, strings.Join(values(got.Header), " "), "root")
	}
	for _, path := range tricks {
		status, _, got := ask(t, "GET", path, nil)
		require.Contains(t, []int{400, 401}, status, "%s: the app got %s", path, got.URI)
	}
	for _, path := range []string{"/-/outrigger/auth", "/-/outrigger/auth/", "//-/outrigger/auth"} {
		status, _, _ := ask(t, "GET", path, nil)
		require.Contains(t, []int{401, 404}, status, path)
	}
	for path, want := range map[string]int{"/ready?db=1": 200, "/ready": 404, "/admin": 404} {
		r, err := http.Get("http://127.0.0.1:16000" + path)
		require.NoError(t, err)
		_ = r.Body.Close()
		require.Equal(t, want, r.StatusCode, path)
	}
}

// TestTokenSources: where the token stands, and where none may.
func TestTokenSources(t *testing.T) {
	a, token := tokens(t)
	a.up()
	c := a.verifier(t, reports())
	good := token(nil)
	comesIn(t, good, 200)
	for value, want := range map[string]int{
		"Bearer " + good:                       200,
		"bearer " + good:                       200,
		"BEARER  " + good:                      200,
		"Bearer" + good:                        401,
		good:                                   401,
		"Basic " + good:                        401,
		"Bearer":                               401,
		"Bearer ":                              401,
		"Bearer " + good + " x":                401,
		"Bearer " + good + ", Bearer " + good:  401,
		"Token " + good:                        401,
		"Bearer\t" + good:                      401,
		"Bearer \"" + good + "\"":              401,
		"Basic Onh4":                           401,
		"Bearer " + strings.Repeat("a", 20000): 401,
		"Bearer " + strings.Repeat("a", 40000): 400,
	} {
		status, _, _ := ask(t, "GET", "/admin", map[string]string{"Authorization": value})
		require.Equal(t, want, status, value[:min(len(value), 20)])
	}
	for header, value := range map[string]string{
		"Cookie": "token=" + good, "X-Token": good, "Proxy-Authorization": "Bearer " + good,
	} {
		status, _, _ := ask(t, "GET", "/admin", map[string]string{header: value})
		require.Equal(t, 401, status, header)
	}
	status, _, _ := ask(t, "GET", "/admin?access_token="+token(map[string]any{"sub": "query"}), nil) // the URL is logged
	require.Equal(t, 401, status)
	for _, two := range []string{
		"Authorization: Bearer " + good + "\r\nAuthorization: Bearer " + good,
		"Authorization: Bearer x\r\nauthorization: Bearer " + good,
		"Authorization: Bearer " + good + "\r\nAuthorization:",
	} {
		require.Contains(t, []int{400, 401}, raw(t, "GET /admin HTTP/1.1\r\nHost: x\r\n"+two+"\r\nConnection: close\r\n\r\n"))
	}
	// Without AllowCORSPreflight a preflight needs a token, too.
	preflight := map[string]string{"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
	status, _, _ = ask(t, "OPTIONS", "/admin", preflight)
	require.Equal(t, 401, status)
	require.NotContains(t, c.Log.String(), good[len(good)-40:], "no token is in a log")
}

func raw(t *testing.T, request string) (status int) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", "127.0.0.1:8080", pod.Patience)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestTokenOptions: another header, the token passed on, preflights, keys of a ConfigMap
// that changes.
func TestTokenOptions(t *testing.T) {
	a, token := tokens(t)
	p := reports(func(p *proxy.AuthProxy) {
		p.JWT.JWKSURI, p.JWT.CA, p.JWT.JWKS = "", nil, &pattern.CABundle{ConfigMapName: "keys"}
		p.JWT.Header, p.JWT.ForwardToken, p.JWT.AllowCORSPreflight = "X-Token", true, true
	})
	containers, files := renderProxy(t, p)
	keys := a.volume(t)
	serve(t)
	launch(t, containers[0], map[string]*pod.Volume{
		"/tmp": nil, "/etc/outrigger/jwks": keys, "/etc/outrigger/nginx": pod.NewVolume(t, files),
	})
	good := token(nil)
	for _, c := range []struct {
		header map[string]string
		want   int
	}{
		{map[string]string{"X-Token": good}, 200},
		{map[string]string{"X-Token": "Bearer " + good}, 401},
		{bearer(good), 401},
		{map[string]string{"X-Token": good, "Authorization": "Basic eDp5"}, 200},
	} {
		status, _, got := ask(t, "GET", "/admin", c.header)
		require.Equal(t, c.want, status)
		if status == 200 {
			require.Equal(t, good, got.Header.Get("X-Token"))
			require.Equal(t, c.header["Authorization"], got.Header.Get("Authorization"))
		}
	}
	preflight := map[string]string{
		"Origin":                        "https://a.example",
		"Access-Control-Request-Method": "POST",
		"X-Jwt-Sub":                     "root",
	}
	elsewhere := map[string]string{
		"X-Http-Method-Override": "DELETE",
		"X-Http-Method":          "DELETE",
		"X-Original-Url":         "/admin/x",
		"X-Rewrite-Url":          "/x",
		"Destination":            "/x",
	}
	status, _, got := ask(t, "OPTIONS", "/admin", merged(preflight, elsewhere))
	require.Equal(t, 200, status)
	require.Empty(t, got.Header.Get("X-Jwt-Sub"))
	require.Equal(t, "POST", got.Header.Get("Access-Control-Request-Method"))
	for name := range elsewhere {
		require.Empty(t, got.Header.Get(name), "an app that believes %s does more than answer a preflight", name)
	}
	_, _, got = ask(t, "OPTIONS", "/admin", merged(elsewhere, map[string]string{"X-Token": good}))
	require.Equal(t, "DELETE", got.Header.Get("X-Http-Method-Override"), "who has a token may")
	for _, method := range []string{"GET", "POST", "options"} {
		status, _, _ := ask(t, method, "/admin", preflight)
		require.NotEqual(t, 200, status, method)
	}
	status, _, _ = ask(t, "OPTIONS", "/admin", map[string]string{"Origin": "https://a.example"})
	require.Equal(t, 401, status)
	preflight["X-Token"] = good + "x"
	status, _, _ = ask(t, "OPTIONS", "/admin", preflight)
	require.Equal(t, 401, status, "a wrong token is none the better for it")

	other := rsaKey(t)
	a.keys = []any{publicRSA("two", &other.PublicKey)}
	keys.WriteFiles(contents(t, a))
	status, _, _ = ask(t, "GET", "/admin", map[string]string{"X-Token": good})
	require.Equal(t, 401, status, "its key was taken out")
	fresh := signed(t, "RS256", other, map[string]any{"alg": "RS256", "kid": "two"}, shopClaims())
	status, _, _ = ask(t, "GET", "/admin", map[string]string{"X-Token": fresh})
	require.Equal(t, 200, status)
	keys.WriteFiles(map[string]string{"jwks.json": "{"})
	status, _, _ = ask(t, "GET", "/admin", map[string]string{"X-Token": good})
	require.Equal(t, 503, status)
}

// TestIssuer: keys come and go, and so does the issuer.
func TestIssuer(t *testing.T) {
	a, token := tokens(t)
	c := a.verifier(t, reports()) // nobody is there
	good := token(nil)
	status, header, _ := ask(t, "GET", "/", bearer(good))
	require.Equal(t, 503, status)
	require.Empty(t, header.Get("WWW-Authenticate"))
	status, _, _ = ask(t, "GET", "/", nil)
	require.Equal(t, 401, status)
	status, _, _ = ask(t, "GET", "/open", nil)
	require.Equal(t, 200, status)
	a.up()
	comesIn(t, good, 200)

	next := rsaKey(t)
	header2 := map[string]any{"alg": "RS256", "kid": "two"}
	a.change(func() { a.keys = append(a.keys, publicRSA("two", &next.PublicKey)) })
	comesIn(t, signed(t, "RS256", next, header2, shopClaims()), 200)
	a.change(func() { a.keys = a.keys[1:] })
	comesIn(t, good, 401) // withdrawn
	good = signed(t, "RS256", next, header2, shopClaims())

	// What is no key set changes nothing: the issuer fails in each way there is.
	for name, answer := range map[string]http.HandlerFunc{
		"error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, `{"keys":[]}`)
		},
		"not found": http.NotFound,
		"a page":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>log in</html>") },
		"empty":     func(http.ResponseWriter, *http.Request) {},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil.example/", http.StatusFound)
		},
		"half": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"keys":[]}`)
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"keys":[`)
			for {
				if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<16)); err != nil {
					return
				}
			}
		},
		"hanging": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		from := a.fetches()
		a.change(func() { a.answer = answer })
		pod.Poll(t, name, func() bool {
			status, _, _ := ask(t, "GET", "/", bearer(good))
			require.Equal(t, 200, status, name)
			return a.fetches() >= from+2 || name == "hanging" && a.fetches() > from
		})
	}
	a.down()
	time300(t, good)
	a.change(func() { a.answer, a.keys = nil, []any{} })
	a.up()
	comesIn(t, good, 401) // all keys are withdrawn
	require.NotContains(t, c.Log.String(), good[len(good)-40:])
}

// time300: 300 forged tokens at once don't hold up good ones, and fetch nothing.
func time300(t *testing.T, good string) {
	t.Helper()
	forger := rsaKey(t)
	var forged []string
	for i := range 300 {
		header := map[string]any{"alg": "RS256", "kid": fmt.Sprint("k", i)}
		forged = append(forged, signed(t, "RS256", forger, header, shopClaims()))
	}
	var all sync.WaitGroup
	got := make([]int, len(forged))
	for i, token := range forged {
		all.Go(func() { got[i], _, _ = ask(t, "GET", "/", bearer(token)) })
	}
	for range 20 {
		status, _, _ := ask(t, "GET", "/", bearer(good))
		require.Equal(t, 200, status)
	}
	all.Wait()
	for _, status := range got {
		require.Equal(t, 401, status)
	}
}

// TestForgedTokensFetchNothing: the keys come on their own time alone.
func TestForgedTokensFetchNothing(t *testing.T) {
	a, token := tokens(t)
	a.up()
	a.verifier(t, reports())
	comesIn(t, token(nil), 200)
	from, start := a.fetches(), time.Now()
	time300(t, token(nil))
	require.LessOrEqual(t, a.fetches()-from, int(time.Since(start).Seconds())+2)
}

// An issuer with a certificate of another authority has no keys for us.
func TestIssuerOfAnotherAuthority(t *testing.T) {
	a, token := tokens(t)
	a.ca = newAuthority(t).ca
	a.up()
	a.verifier(t, reports())
	from := time.Now()
	pod.Poll(t, "some tries", func() bool {
		status, _, _ := ask(t, "GET", "/", bearer(token(nil)))
		require.Equal(t, 503, status)
		return time.Since(from) > time.Second
	})
	require.Zero(t, a.fetches())
}

// TestIAP: the assertion counts, signed with ES256, and no other header of Google's.
func TestIAP(t *testing.T) {
	a := newAuthority(t)
	p256, rs := ecKey(t, elliptic.P256()), rsaKey(t)
	a.keys = []any{publicEC(t, "iap", p256), publicRSA("rs", &rs.PublicKey)}
	a.up()
	p := &proxy.AuthProxy{GoogleIAP: &proxy.GoogleIAP{Audience: "/projects/1/apps/reports"}}
	containers, files := renderProxy(t, p)
	require.Len(t, containers, 1)
	uri := &containers[0].Env[0]
	require.Equal(t, "https://www.gstatic.com/iap/verify/public_key-jwk", uri.Value)
	uri.Value = keysURI
	serve(t)
	containers[0].VolumeMounts = append(containers[0].VolumeMounts, mountOf("/etc/outrigger/issuer"))
	launch(t, containers[0], map[string]*pod.Volume{
		"/tmp":                  nil,
		"/etc/outrigger/nginx":  pod.NewVolume(t, files),
		"/etc/outrigger/issuer": pod.NewVolume(t, map[string]string{"ca.crt": a.ca}),
	})
	c := with(shopClaims(), map[string]any{
		"iss":   "https://cloud.google.com/iap",
		"aud":   "/projects/1/apps/reports",
		"email": "accounts.google.com:alice@example.com",
	})
	h := map[string]any{"alg": "ES256", "kid": "iap"}
	sign := func(change map[string]any) string { return signed(t, "ES256", p256, h, with(c, change)) }
	good := sign(nil)
	pod.Poll(t, "the keys", func() bool {
		status, _, _ := ask(t, "GET", "/", map[string]string{"X-Goog-Iap-Jwt-Assertion": good})
		return status == 200
	})
	for name, check := range map[string]struct {
		assertion string
		want      int
	}{
		"good":            {good, 200},
		"none":            {"", 401},
		"bearer":          {"Bearer " + good, 401},
		"another app's":   {sign(map[string]any{"aud": "/projects/1/apps/payroll"}), 401},
		"another issuer":  {sign(map[string]any{"iss": "https://cloud.google.com/iap2"}), 401},
		"expired":         {sign(map[string]any{"exp": at(-time.Hour)}), 401},
		"another key":     {signed(t, "ES256", ecKey(t, elliptic.P256()), h, c), 401},
		"RS256, good key": {signed(t, "RS256", rs, map[string]any{"alg": "RS256", "kid": "rs"}, c), 401},
	} {
		t.Run(name, func(t *testing.T) {
			google := map[string]string{"X-Goog-Authenticated-User-Email": "root", "X-Goog-Authenticated-User-Id": "root"}
			header := pretended(google)
			if check.assertion != "" {
				header["X-Goog-Iap-Jwt-Assertion"] = check.assertion
			}
			status, _, got := ask(t, "GET", "/admin", header)
			require.Equal(t, check.want, status)
			require.NotContains(t, strings.Join(values(got.Header), " "), "root")
			if status == 200 {
				require.Equal(t, "accounts.google.com:alice@example.com", got.Header.Get("X-Auth-Request-Email"))
				require.Equal(t, "u1", got.Header.Get("X-Auth-Request-User"))
				require.Empty(t, got.Header.Get("X-Goog-Iap-Jwt-Assertion"))
			}
		})
	}
}

// TestTokenEnd: nginx quits when what it has begun is answered; the keys' fetching ends
// with it. WebSockets need a token as all else does.
func TestTokenEnd(t *testing.T) {
	a, token := tokens(t)
	a.up()
	c := a.verifier(t, reports())
	good := token(nil)
	comesIn(t, good, 200)
	socket := "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n"
	require.Equal(t, 401, raw(t, socket+"\r\n"))
	require.Equal(t, 101, raw(t, socket+"Authorization: Bearer "+good+"\r\n\r\n"))

	r, w := io.Pipe()
	request, err := http.NewRequest("POST", "http://127.0.0.1:8080/slow", r)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+good)
	answered := make(chan int, 1)
	go func() {
		resp, err := (&http.Client{Timeout: pod.Patience, Transport: &http.Transport{}}).Do(request)
		if err != nil {
			answered <- -1
			return
		}
		_ = resp.Body.Close()
		answered <- resp.StatusCode
	}()
	_, err = w.Write(make([]byte, 1000))
	require.NoError(t, err)
	pod.Poll(t, "the app to have the request", func() bool { return slow.Load() > 0 })
	require.NoError(t, c.Cmd.Process.Signal(syscall.SIGQUIT))
	pod.Poll(t, "the port to be closed", func() bool {
		return !pod.Connects("127.0.0.1:8080")
	})
	_, err = w.Write(make([]byte, 1000))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Equal(t, 200, pod.Receive(t, "the answer", answered))
	c.RequireSuccess()
}

// merged are the headers of both.
func merged(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}
