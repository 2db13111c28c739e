package proxy

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata instead of comparing with it")

// golden compares got with a file of testdata, and gives the file's content.
func golden(t *testing.T, name, got string) string {
	t.Helper()
	file := filepath.Join("testdata", "tlsproxy", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test ./pkg/pattern/proxy -update writes "+file+" anew")
	return string(want)
}
