package argocd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) { pod.Main(m, "build", "bin/kustomize") }

const example = "examples/argocd"

// findFile returns the path of a file of the repository.
func findFile(t *testing.T, name string) string {
	t.Helper()
	root, err := made.FindRoot()
	require.NoError(t, err)
	return filepath.Join(root, name)
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
