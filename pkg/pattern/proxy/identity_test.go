package proxy

import (
	"cmp"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The texts have ~ in the place of `.
const identityIntro = `# Who is there, and who says so

Many apps believe a header that says who is there: they're made for a proxy in front that writes it. Where
~authProxy~, or ~tlsProxy~ with ~clients~, stands in front of an app, no client can write these headers: each of them
is the proxy's word, or it doesn't arrive. So it is on every path, public ones too, in whatever case a name is
written, and however often. Names with an underscore, or with characters that no header should have, are dropped by
nginx (~underscores_in_headers off~, ~ignore_invalid_headers on~).

The same holds for headers that a config names, in ~identityHeaders~ or ~claimHeaders~, whether or not they're in the
table.

A ~tlsProxy~ without ~clients~ authenticates nobody. It leaves all headers as they are: a proxy in front of it may
have written them.

Left alone everywhere is what clients show as a credential of their own and apps verify themselves (~Authorization~,
~Cookie~, ~X-Api-Key~, ~X-Auth-Token~), but for ~Authorization~ with ~basic~, which has the password; and what says
where a client is, not who (~X-Real-IP~, ~Forwarded~).

nginx removes headers by their names, not by how they begin. Of families without an end, as ~X-Remote-Extra-*~,
~Impersonate-Extra-*~, ~X-Pomerium-Claim-*~, the ones in this table are removed; others arrive. Don't put an app
behind these proxies that believes any header with such a beginning.

`

const reroutingIntro = `
## Another path or method

Some frameworks take a path or a method from a header in place of the request line's, or a second path. From public
paths these don't arrive, where they would lead to paths that aren't public, nor from preflights without a token.
Elsewhere they're left as they are.

`

// identityDoc is the text of docs/identity-headers.md.
func identityDoc() string {
	var b strings.Builder
	table := func(families []identityFamily) {
		b.WriteString("| headers of | headers |\n| --- | --- |\n")
		for _, f := range families {
			of := f.Of
			if strings.HasPrefix(f.Source, "https:") {
				of = "[" + f.Of + "](" + f.Source + ")"
			}
			b.WriteString("| " + of + " | `" + strings.Join(f.Names, "`, `") + "` |\n")
		}
	}
	b.WriteString(strings.ReplaceAll(identityIntro, "~", "`"))
	table(identityFamilies)
	b.WriteString(strings.ReplaceAll(reroutingIntro, "~", "`"))
	table(reroutingFamilies)
	return b.String()
}

// The table that people read is the one that nginx.conf is made of.
func TestIdentityDoc(t *testing.T) {
	file := filepath.Join("..", "..", "..", "docs", "identity-headers.md")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(identityDoc()), 0o644))
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, identityDoc(), string(text), "go test ./pkg/pattern/proxy -run IdentityDoc -update writes it anew")
}

// Names are such that nginx can hold them, and each is of one family.
func TestIdentityFamilies(t *testing.T) {
	seen := map[string]string{}
	for _, f := range append(slices.Clone(identityFamilies), reroutingFamilies...) {
		require.NotEmpty(t, f.Of)
		require.NotEmpty(t, f.Source)
		for _, name := range f.Names {
			require.Regexp(t, regexp.MustCompile(`^[A-Za-z0-9-]{3,46}$`), name,
				"longer ones don't fit into nginx's table of gRPC's headers")
			key := textproto.CanonicalMIMEHeaderKey(name)
			require.Empty(t, seen[key], "%s is of %s too", name, f.Of)
			seen[key] = f.Of
		}
	}
}

// Whoever is there by whichever method, the app is told of each header: by the proxy,
// or nothing.
func TestIdentityWhole(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"nobody": nil,
		"basic":  (&AuthProxy{Basic: &Basic{}}).identityByHeader(),
		"OIDC":   (&AuthProxy{OIDC: &OIDC{}}).identityByHeader(),
		"mTLS":   (&Clients{ForwardIdentity: true}).identityByHeader(),
		"other":  {"x-jwt-tenant": "$tenant", "X-REMOTE-USER": "$sub"},
	} {
		t.Run(name, func(t *testing.T) {
			written := map[string]string{}
			for _, h := range identityHeaders(values) {
				require.NotContains(t, written, h.Name, "twice")
				require.NotEmpty(t, h.Value)
				written[h.Name] = h.Value
			}
			for _, name := range identityNames() {
				require.Contains(t, written, name)
			}
			for name, value := range values {
				require.Equal(t, cmp.Or(value, `""`), written[textproto.CanonicalMIMEHeaderKey(name)])
			}
		})
	}
}
