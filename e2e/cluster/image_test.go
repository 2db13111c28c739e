//go:build cluster

package cluster

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const socket = "/run/outrigger-cluster/containerd.sock"

func ctr(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("ctr", append([]string{"-a", socket, "-n", "k8s.io", "images"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// tagImages gives images of the cluster the tags that patterns pull: there is no registry, and tags of the cluster's
// images promise nothing about versions. What the cluster has no image of stays away.
func tagImages() error {
	containerd := func(args ...string) (string, error) {
		return run("", "ctr", append([]string{"-a", socket, "-n", "k8s.io", "images"}, args...)...)
	}
	out, err := containerd("ls", "-q")
	if err != nil {
		return err
	}
	have := map[string]string{} // an image by its name without a tag
	for _, ref := range strings.Fields(out) {
		if name, _, ok := cutTag(ref); ok {
			have[name] = ref
		}
	}
	listed, err := run("", filepath.Join(bin, "outrigger"), "images", "-o", "json")
	if err != nil {
		return err
	}
	var pulled []struct{ Image string }
	if err := json.Unmarshal([]byte(listed), &pulled); err != nil {
		return err
	}
	for _, p := range pulled {
		name, _, _ := cutTag(p.Image)
		if ref := have[name]; ref != "" && ref != p.Image {
			if out, err := containerd("tag", "--force", ref, p.Image); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
		}
	}
	return nil
}

// cutTag cuts a reference at the colon of its tag. One by digest has none.
func cutTag(ref string) (name, tag string, ok bool) {
	at := strings.LastIndexByte(ref, ':')
	if at < 0 || strings.Contains(ref, "@") || strings.HasPrefix(ref, "sha256:") {
		return ref, "", false
	}
	return ref[:at], ref[at+1:], true
}

// loadImage makes an image of one program that needs nothing else, and gives it to
// the cluster's runtime: there is no registry.
func loadImage(t *testing.T, name, program string) {
	t.Helper()
	inside := "bin/" + filepath.Base(program)
	load(t, name, "/"+inside, archive(t, map[string][]byte{inside: contents(t, program)}, nil))
}

// loadShellImage makes one that has a shell besides, and what else is in busybox.
func loadShellImage(t *testing.T, name, program string) {
	t.Helper()
	inside := "bin/" + filepath.Base(program)
	out, err := run("", "/usr/bin/busybox", "--list")
	require.NoError(t, err)
	links := map[string]string{}
	for _, applet := range strings.Fields(out) {
		links["bin/"+applet] = "busybox"
	}
	delete(links, "bin/busybox")
	files := map[string][]byte{inside: contents(t, program), "bin/busybox": contents(t, "/usr/bin/busybox")}
	load(t, name, "/"+inside, archive(t, files, links))
}

func contents(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return b
}

// load imports an image of one layer.
func load(t *testing.T, name, entrypoint string, layer []byte) {
	t.Helper()
	sum := sha256.Sum256(layer)
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"Entrypoint": []string{entrypoint}, "Env": []string{"PATH=/bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum[:])}},
	})
	require.NoError(t, err)
	manifest, err := json.Marshal([]any{map[string]any{
		"Config": "config.json", "RepoTags": []string{name}, "Layers": []string{"layer.tar"},
	}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "image.tar")
	files := map[string][]byte{"manifest.json": manifest, "config.json": config, "layer.tar": layer}
	require.NoError(t, os.WriteFile(file, archive(t, files, nil), 0o600))
	ctr(t, "import", file)
}

// archive is a tar with files and symbolic links.
func archive(t *testing.T, files map[string][]byte, links map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(files[name]))}))
		_, err := w.Write(files[name])
		require.NoError(t, err)
	}
	for _, name := range slices.Sorted(maps.Keys(links)) {
		link := tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: links[name], Mode: 0o777}
		require.NoError(t, w.WriteHeader(&link))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}
