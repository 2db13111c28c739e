package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// What explain and the README show of the flat form is a valid config.
func TestExplainFlat(t *testing.T) {
	code, out, stderr := call("", "explain", "flat")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, text(t, "../../README.md"), "kpt fn eval --exec outrigger package -- pattern=waitFor")
	_, words, found := strings.Cut(out, " PKG -- ")
	require.True(t, found)
	words, _, _ = strings.Cut(words, "\n")
	data := strings.NewReplacer("=", ": \"", " ", "\", ").Replace(words) + `"`
	_, entry, found := strings.Cut(out, "configMap: {")
	require.True(t, found)
	entry, _, _ = strings.Cut(entry, "}")
	for _, data := range []string{data, entry} {
		conf, fs := config.Read([]byte("apiVersion: v1\nkind: ConfigMap\ndata: {"+data+"}\n"), "")
		require.Empty(t, fs, data)
		require.Contains(t, conf.Metadata.Name, ":kind=Deployment,name=shop")
	}
	require.Contains(t, out, "tls-proxy:kind=Deployment,name=shop")
	for line := range strings.Lines(out) {
		require.LessOrEqual(t, len(line), 101, line)
	}
}
