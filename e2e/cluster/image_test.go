//go:build cluster

package cluster

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const socket = "/run/outrigger-cluster/containerd.sock"

func ctr(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("ctr", append([]string{"-a", socket, "-n", "k8s.io", "images"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// load makes an image of one program that needs nothing else, and gives it to the
// cluster's runtime: there is no registry.
func loadImage(t *testing.T, name, program string) {
	t.Helper()
	binary, err := os.ReadFile(program)
	require.NoError(t, err)
	layer := archive(t, map[string][]byte{"bin/" + filepath.Base(program): binary})
	sum := sha256.Sum256(layer)
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/bin/" + filepath.Base(program)}, "Env": []string{"PATH=/bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum[:])}},
	})
	require.NoError(t, err)
	manifest, err := json.Marshal([]any{map[string]any{"Config": "config.json", "RepoTags": []string{name}, "Layers": []string{"layer.tar"}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, os.WriteFile(file, archive(t, map[string][]byte{"manifest.json": manifest, "config.json": config, "layer.tar": layer}), 0o600))
	ctr(t, "import", file)
}

func archive(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, err := w.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}
