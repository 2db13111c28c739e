package pattern

import (
	"testing"

	"github.com/stretchr/testify/require"
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
			require.Equal(t, c.expire, c.session.expire())
			require.Equal(t, c.refresh, c.session.refresh())
			p := AuthProxy{Gate: proxy().Gate, OIDC: &OIDC{IssuerURL: "https://login.example.com", ClientID: "reports", SecretName: "oidc", Session: c.session}}
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
