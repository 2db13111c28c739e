package pattern

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

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
