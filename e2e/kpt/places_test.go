package kpt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// kpt tells the file of the document: errors about it name both, and no line, since kpt writes the text anew.
func TestPlaces(t *testing.T) {
	wrong := strings.Replace(document("tls", proxy), "secretName", "secretname", 1)
	dir := makePackage(t, "elasticsearch-tls", mutators("tls.yaml"), map[string]string{"tls.yaml": wrong})
	_, said, ok := runKpt(t, "", "fn", "render", dir, "--allow-exec", "--truncate-output=false")
	require.False(t, ok)
	require.Contains(t, said, "error[unknown-field]: tls.yaml: Sidecars tls spec.patterns[0].tlsProxy.secretname: ")
	require.NotRegexp(t, `error\[[^\n]*line \d`, said)
}
