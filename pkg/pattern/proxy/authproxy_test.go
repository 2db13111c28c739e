package proxy

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestSession(t *testing.T) {
	for name, c := range map[string]struct {
		session         *Session
		expire, refresh int32
		finding         string
	}{
		"defaults":        {nil, 43200, 300, ""},
		"empty":           {&Session{}, 43200, 300, ""},
		"short":           {&Session{ExpireSeconds: 60}, 60, 30, ""},
		"both":            {&Session{ExpireSeconds: 600, RefreshSeconds: new(int32(599))}, 600, 599, ""},
		"never refreshed": {&Session{RefreshSeconds: new(int32(0))}, 43200, 0, "session-unchecked"},
		"refreshed late":  {&Session{ExpireSeconds: 600, RefreshSeconds: new(int32(600))}, 600, 600, "bad-value"},
		"no expiry":       {&Session{ExpireSeconds: -1}, -1, 0, "bad-value"},
		"no refresh":      {&Session{RefreshSeconds: new(int32(-1))}, 43200, -1, "bad-value"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.expire, c.session.expireSeconds())
			require.Equal(t, c.refresh, c.session.refreshSeconds())
			p := AuthProxy{Base: proxy().Base,
				OIDC: &OIDC{IssuerURL: "https://login.example.com", ClientID: "reports", SecretName: "oidc", Session: c.session}}
			fs := p.Validate()
			if c.finding == "" {
				require.Empty(t, fs)
				return
			}
			require.NotEmpty(t, fs)
			require.Equal(t, c.finding, fs[0].Code)
		})
	}
}

// Public paths are those of the app, each short enough for nginx to read.
func TestPublicPathsRefused(t *testing.T) {
	basic, oidc := &AuthProxy{Basic: &Basic{}}, &AuthProxy{OIDC: &OIDC{}}
	for _, c := range []struct {
		proxy   *AuthProxy
		path    string
		refused bool
	}{
		{basic, "/healthz", false},
		{basic, "/static/*", false},
		{basic, "/.well-known/*", false},
		{basic, "/oauth2/*", false},
		{oidc, "/oauth2/*", true},
		{oidc, "/oauth2", true},
		{oidc, "/oauth2/callback", true},
		{oidc, "/oauth2x/y", false},
		{basic, "/-/outrigger/auth", true},
		{basic, "/..data/x", true},
		{basic, "/a/../b", true},
		{basic, "/a/./b", true},
		{basic, "/a//b", true},
		{basic, "/a;b", true},
		{basic, "/a%20b", true},
		{basic, "/a$b", true},
		{basic, "/" + strings.Repeat("a", longestTarget), true},
	} {
		var fs sidecar.Findings
		c.proxy.PublicPaths = []string{c.path}
		c.proxy.validatePublicPaths(&fs)
		require.Equal(t, c.refused, fs.Failed(), c.path)
	}
}

// However many paths there are, and however often: nginx can read what they're written as.
func TestPublicLocations(t *testing.T) {
	require.Empty(t, publicLocations(nil))
	require.Equal(t, []string{`"^(?:/a\\z|/b/)"`}, publicLocations([]string{"/a", "/b/*", "/a", "/b/*"}))
	var many []string
	for i := range 300 {
		many = append(many, "/"+strings.Repeat("a.", i%60)+string(rune('a'+i%26))+"/*")
	}
	words := publicLocations(append(many, many...))
	require.Greater(t, len(words), 1)
	for _, word := range words {
		require.Less(t, len(word), 4000)
	}
	slices.Sort(words)
	require.Len(t, slices.Compact(slices.Clone(words)), len(words))
}

// A location with an add_header of its own has none of those outside it: each must tell clients to close, too.
func TestAllAnswersTellClientsToClose(t *testing.T) {
	for name, p := range map[string]*AuthProxy{
		"oidc": {OIDC: &OIDC{IssuerURL: "https://login.example.com", ClientID: "reports", SecretName: "oidc"}},
		"jwt":  {JWT: &JWT{Issuer: "https://login.example.com", Audiences: []string{"reports"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p.Base = proxy().Base
			c, err := p.Change(patterntest.NewElasticsearch())
			require.NoError(t, err)
			own := 0
			for _, block := range strings.Split(conf(t, c), "{\n")[1:] {
				header, _, _ := strings.Cut(block, "}")
				if strings.Contains(header, "add_header") {
					own++
					require.Contains(t, header, "add_header Connection $leave always;")
				}
			}
			require.Positive(t, own)
		})
	}
}
