package proxy

import (
	"encoding/json"
	"errors"
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestIdentityHeadersRefused(t *testing.T) {
	basic, oidc := &AuthProxy{Basic: &Basic{}}, &AuthProxy{OIDC: &OIDC{}}
	for _, c := range []struct {
		proxy   *AuthProxy
		headers map[string]Identity
		refused bool
	}{
		{basic, nil, false},
		{basic, map[string]Identity{"X-WEBAUTH-USER": "user"}, false},
		{basic, map[string]Identity{"X-WEBAUTH-EMAIL": "email"}, true},
		{oidc, map[string]Identity{"X-WEBAUTH-EMAIL": "email", "Remote-User": "preferredUsername"}, false},
		{oidc, map[string]Identity{"X-WEBAUTH-EMAIL": "mail"}, true},
		{oidc, map[string]Identity{"X-WEBAUTH-EMAIL": ""}, true},
		{oidc, map[string]Identity{"X-User": "user", "x-user": "email"}, true},
		{oidc, map[string]Identity{"X_User": "user"}, true},
		{oidc, map[string]Identity{"Authorization": "user"}, true},
		{oidc, map[string]Identity{"Host": "user"}, true},
		{oidc, map[string]Identity{"Content-Length": "user"}, true},
		{oidc, map[string]Identity{"accept-encoding": "user"}, true},
		{oidc, map[string]Identity{"X-Real-IP": "user"}, true},
		{basic, map[string]Identity{"Sec-WebSocket-Key": "user"}, true},
		{oidc, map[string]Identity{strings.Repeat("x", longestOwnHeader): "user"}, false},
		{oidc, map[string]Identity{strings.Repeat("x", longestOwnHeader+1): "user"}, true},
		{&AuthProxy{JWT: &JWT{}}, map[string]Identity{"X-User": "user"}, true},
		{&AuthProxy{GoogleIAP: &GoogleIAP{}}, map[string]Identity{"X-User": "user"}, true},
	} {
		var fs sidecar.Findings
		c.proxy.IdentityHeaders = c.headers
		c.proxy.validateIdentityHeaders(&fs)
		require.Equal(t, c.refused, fs.Failed(), "%v", c.headers)
		if c.headers["Host"] != "" { // which has letters alone
			require.Contains(t, fs[0].Hint, "a header of its own")
		}
	}
}

// The default headers stay as they are, unless one of them is written.
func TestIdentityHeadersAdded(t *testing.T) {
	was := (&AuthProxy{OIDC: &OIDC{}}).identityByHeader()
	now := (&AuthProxy{OIDC: &OIDC{}, IdentityHeaders: map[string]Identity{"x-webauth-user": "user",
		"X-Forwarded-User": "email"}}).identityByHeader()
	require.Equal(t, "$auth_user", now["X-Webauth-User"])
	require.Equal(t, "$auth_email", now["X-Forwarded-User"])
	delete(now, "X-Webauth-User")
	now["X-Forwarded-User"] = "$auth_user"
	require.Equal(t, was, now)
}

// FuzzIdentityHeaders tries to break out of nginx.conf with names of headers and what is in them: what isn't refused
// is one directive more on each path, with this name and a value of ours.
func FuzzIdentityHeaders(f *testing.F) {
	for _, s := range []string{"X-WEBAUTH-USER", "X-User; } server {", "X_User", `X"`, "$host", "Authorization", "a\nb",
		"", "Remote-User", "X-User $remote_user", "#", "Connection", `\`, "é", "X-Original-URL"} {
		f.Add(s, "user")
		f.Add("X-Shop", s)
	}
	build := func(name, what string) (string, error) {
		p := &AuthProxy{Base: proxy().Base, Basic: &Basic{SecretName: "users"},
			IdentityHeaders: map[string]Identity{name: Identity(what)}}
		c, err := sidecar.Build(p, patterntest.NewElasticsearch())
		if err != nil {
			return "", err
		}
		var o struct{ Data map[string]string }
		err = json.Unmarshal(c.Objects[0].RawMessage, &o)
		return o.Data[confKey], err
	}
	headers := func(t *testing.T, conf string) (others []string, set map[string]string) {
		t.Helper()
		all, err := directives(conf)
		require.NoError(t, err)
		set = map[string]string{}
		for _, d := range all {
			if d.words[0] == "proxy_set_header" {
				require.Len(t, d.words, 3)
				set[d.words[1]] += d.words[2] + "\n"
				continue
			}
			others = append(others, strings.Join(d.blocks, " ")+" "+strings.Join(d.words, " "))
		}
		return others, set
	}
	f.Fuzz(func(t *testing.T, name, what string) {
		got, err := build(name, what)
		var fs sidecar.Findings
		if errors.As(err, &fs) {
			require.True(t, fs.Failed())
			return
		}
		require.NoError(t, err)
		want, err := build("X-Shop", "user")
		require.NoError(t, err)
		wantOthers, wantSet := headers(t, want)
		others, set := headers(t, got)
		require.Equal(t, wantOthers, others)
		own := textproto.CanonicalMIMEHeaderKey(name)
		require.Contains(t, set[own], "$remote_user\n")
		for _, m := range []map[string]string{set, wantSet} {
			delete(m, own)
			delete(m, "X-Shop")
		}
		for _, header := range slices.Sorted(maps.Keys(set)) {
			require.Equal(t, wantSet[header], set[header], header)
		}
	})
}
