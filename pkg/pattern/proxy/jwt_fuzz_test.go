package proxy

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Whatever a user writes: either there are findings, or the verifier is its template
// with the settings as written, each on one line of plain JSON, and nginx.conf has no
// directive more than for plain words.
func FuzzJWT(f *testing.F) {
	plain := [9]string{"https://issuer.example", "reports", "https://issuer.example/keys", "X-Token", "X-Jwt-Sub", "sub",
		"scope", "read", "keys"}
	add := func(v [9]string, local bool) { f.Add(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], local) }
	add(plain, false)
	add(plain, true)
	for i := range plain {
		for _, evil := range []string{"", "__proto__", `"`, `"};process.exit()//`, "\u2028", "</script>", "a\nb", "$x",
			"{{.}}", `\`, "é", "Authorization", "${x}`"} {
			v := plain
			v[i] = evil
			add(v, false)
			v[i] += plain[i]
			add(v, i == 8)
		}
	}
	asProxy := func(v [9]string, local bool) *AuthProxy {
		p := &AuthProxy{Base: proxy().Base, JWT: &JWT{Issuer: v[0], Audiences: []string{v[1]}, JWKSURI: v[2], Header: v[3],
			ClaimHeaders: map[string]string{v[4]: v[5]}, RequiredClaims: map[string]string{v[6]: v[7]}}}
		if local {
			p.JWT.JWKSURI, p.JWT.JWKS = "", &pattern.CABundle{ConfigMapName: "keys", Key: v[8]}
		}
		return p
	}
	files := func(t *testing.T, p *AuthProxy) map[string]string {
		t.Helper()
		c, err := sidecar.Build(p, patterntest.NewElasticsearch())
		var fs sidecar.Findings
		if errors.As(err, &fs) {
			require.True(t, fs.Failed())
			return nil
		}
		require.NoError(t, err)
		var o struct{ Data map[string]string }
		require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &o))
		return o.Data
	}
	names := func(t *testing.T, conf string) (out []string) {
		t.Helper()
		all, err := directives(conf)
		require.NoError(t, err)
		for _, d := range all {
			if d.words[0] != "proxy_set_header" { // as many as there are families, and those named here
				out = append(out, strings.Join(d.blocks, " ")+" "+d.words[0])
			}
		}
		return out
	}
	f.Fuzz(func(t *testing.T, issuer, audience, uri, header, claimHeader, claim, required, text, key string, local bool) {
		if !utf8.ValidString(issuer + required + text) {
			return // no reader of a config returns such a text
		}
		got := files(t, asProxy([9]string{issuer, audience, uri, header, claimHeader, claim, required, text, key}, local))
		if got == nil {
			return
		}
		want := files(t, asProxy(plain, local))
		require.Equal(t, names(t, want[confKey]), names(t, got[confKey]))
		a, b := strings.Split(want[jwtKey], "\n"), strings.Split(got[jwtKey], "\n")
		require.Len(t, b, len(a))
		for i := range a {
			name, value, setting := strings.Cut(b[i], ": ")
			if b[i] == a[i] {
				continue
			}
			require.True(t, setting && strings.HasPrefix(a[i], name+": "), b[i])
			require.True(t, json.Valid([]byte(strings.TrimSuffix(value, ","))), value)
			require.False(t, strings.ContainsAny(value, "\u2028\u2029"))
			switch strings.TrimSpace(name) {
			case "issuer":
				var s string
				require.NoError(t, json.Unmarshal([]byte(strings.TrimSuffix(value, ",")), &s))
				require.Equal(t, issuer, s)
			case "required":
				var s [][2]string
				require.NoError(t, json.Unmarshal([]byte(strings.TrimSuffix(value, ",")), &s))
				require.Equal(t, [][2]string{{required, text}}, s)
			}
		}
		require.Equal(t, want[keysKey], got[keysKey], "the script has nothing of a user's")
	})
}
