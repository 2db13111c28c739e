package auth

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

// accounts is a provider's token endpoint with one account. Each refresh token is
// good for once.
type accounts struct {
	t      *testing.T
	issuer *issuer

	guarded
	nonce   string
	groups  []string
	padding int    // bytes that make sessions large
	fails   string // an error of RFC 6749, 5.2, or "down"
	refresh string // the token that is good now
	asked   int    // for a refresh
}

func (a *accounts) refreshed() (times int) {
	a.change(func() { times = a.asked })
	return times
}

func noise(n int) string {
	raw := make([]byte, n/2)
	_, _ = rand.Read(raw)
	return hex.EncodeToString(raw)
}

func (a *accounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fail := func(status int, why string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": why})
	}
	again := r.FormValue("grant_type") == "refresh_token"
	if again {
		a.asked++
	}
	switch {
	case a.fails == "down":
		w.WriteHeader(503)
		return
	case a.fails != "":
		fail(400, a.fails)
		return
	case again && r.FormValue("refresh_token") != a.refresh:
		fail(400, "invalid_grant")
		return
	}
	a.refresh = noise(32)
	answer := map[string]any{
		"token_type":    "Bearer",
		"expires_in":    3600,
		"access_token":  noise(32 + a.padding),
		"refresh_token": a.refresh,
		"id_token":      a.issuer.sign(a.t, map[string]any{"nonce": a.nonce, "groups": a.groups}),
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// browser keeps cookies, those for TLS alone too.
type browser map[string]string

func (b browser) ask(t *testing.T, target string, header map[string]string) (int, http.Header) {
	t.Helper()
	with := map[string]string{}
	for name, value := range header {
		with[name] = value
	}
	var line []string
	for name, value := range b {
		line = append(line, name+"="+value)
	}
	if line != nil {
		with["Cookie"] = strings.Join(line, "; ")
	}
	status, answer, _ := ask(t, "GET", target, with)
	set := map[string]bool{}
	for _, c := range (&http.Response{Header: answer}).Cookies() {
		require.False(t, set[c.Name], "%s is set twice", c.Name)
		set[c.Name] = true
		if strings.HasPrefix(c.Name, "_oauth2_proxy") {
			require.True(t, c.HttpOnly && c.Secure && c.Path == "/", c)
		}
		if b[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b, c.Name)
		}
	}
	return status, answer
}

// session are the names of the session's cookies.
func (b browser) session() (names []string) {
	for name := range b {
		if name == "_oauth2_proxy" || strings.HasPrefix(name, "_oauth2_proxy_") && !strings.Contains(name, "csrf") {
			names = append(names, name)
		}
	}
	return names
}

// page is how people ask; a script's request is without.
var page = map[string]string{"Accept": "text/html"}

func (b browser) logIn(t *testing.T, a *accounts) {
	t.Helper()
	status, header := b.ask(t, "/admin", page)
	require.Equal(t, 302, status)
	to, err := url.Parse(header.Get("Location"))
	require.NoError(t, err)
	a.change(func() { a.nonce = to.Query().Get("nonce") })
	status, header = b.ask(t, "/oauth2/callback?code=x&state="+url.QueryEscape(to.Query().Get("state")), page)
	require.Equal(t, 302, status, header)
	require.Equal(t, "/admin", header.Get("Location"))
}

// TestSessions: people stay in as long as the provider says so, and not minutes
// longer; sessions of any size reach the browser, whatever the app answers.
func TestSessions(t *testing.T) {
	i := newIssuer(t)
	a := &accounts{t: t, issuer: i, groups: []string{"staff"}, padding: 8000}
	i.tokens = a.ServeHTTP
	oidc := reportsClient()
	oidc.AllowedGroups = []string{"staff"}
	oidc.Session = &proxy.Session{ExpireSeconds: 3600, RefreshSeconds: new(int32(1))}
	containers, files := renderProxy(t, &proxy.AuthProxy{OIDC: oidc})
	i.launch(t, containers, files)
	serve(t)
	b := browser{}
	b.logIn(t, a)
	require.Subset(t, b.session(), []string{"_oauth2_proxy_0", "_oauth2_proxy_1", "_oauth2_proxy_2"})

	// refreshes waits until the provider was asked some times, and wants a status always.
	refreshes := func(times int, target string, want int) {
		t.Helper()
		from := a.refreshed()
		pod.Poll(t, "sessions to be refreshed", func() bool {
			status, header := b.ask(t, target, nil)
			require.Equal(t, want, status, header)
			return a.refreshed() >= from+times
		})
	}
	refreshes(2, "/admin", 200) // the second one has the refresh token that the first one brought
	require.GreaterOrEqual(t, len(b.session()), 3)
	refreshes(2, "/status/500", 500)
	a.change(func() { a.padding = 0 })
	refreshes(2, "/admin", 200)
	require.Equal(t, []string{"_oauth2_proxy"}, b.session(), "nothing is left of the large one")
	a.change(func() { a.padding = 8000 })
	refreshes(2, "/admin", 200)
	require.NotContains(t, b.session(), "_oauth2_proxy", "it would be taken for the whole")
	a.change(func() { a.fails = "down" })
	refreshes(2, "/admin", 200) // who is in stays in
	a.change(func() { a.fails, a.groups = "", []string{"guests"} })
	became(t, b, 401, nil)
	a.change(func() { a.groups = []string{"staff"} })
	b.logIn(t, a)

	a.change(func() { a.fails = "invalid_grant" })
	start := time.Now()
	became(t, b, 401, nil)
	t.Logf("locked out after %s, with a session of 1 s", time.Since(start))
	require.NotEmpty(t, b.session(), "a script's request ends no cookies")
	became(t, b, 302, page)
	require.Empty(t, b.session())
	a.change(func() { a.fails, a.padding = "", 0 })
	b.logIn(t, a)
	require.Equal(t, []string{"_oauth2_proxy"}, b.session())
	refreshes(2, "/admin", 200)
}

// became waits for a status.
func became(t *testing.T, b browser, want int, header map[string]string) {
	t.Helper()
	pod.Poll(t, http.StatusText(want), func() bool {
		status, _ := b.ask(t, "/admin", header)
		return status == want
	})
}
