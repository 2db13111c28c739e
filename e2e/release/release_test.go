//go:build runners

package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// makeRelease makes a release for platforms in a clone, and returns its folder.
func makeRelease(t *testing.T, clone, platforms string) (dist string) {
	t.Helper()
	inFolder(t, clone, []string{"MAKEFLAGS=", "MAKELEVEL="}, "make", "release", "PLATFORMS="+platforms)
	return filepath.Join(clone, "dist")
}

// readAll reads all files below a folder, by name.
func readAll(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		all[name], err = os.ReadFile(path)
		return err
	}))
	return all
}

// Two releases of one source, in two folders, are the same, byte for byte: programs, SBOM, image and checksums. Nothing
// in them tells of the folder.
func TestRelease(t *testing.T) {
	platform := "linux/" + runtime.GOARCH
	program := "outrigger-linux-" + runtime.GOARCH
	one, two := made.Clone(t), made.Clone(t)
	dist := makeRelease(t, one, platform)
	all := readAll(t, dist)
	again := readAll(t, makeRelease(t, two, platform))
	for name, text := range all {
		require.True(t, string(text) == string(again[name]), "%s differs from one folder to the other", name)
		require.NotContains(t, string(text), filepath.Dir(one), name)
	}
	require.Len(t, again, len(all))
	require.Equal(t, made.CloneVersion, read(t, filepath.Join(dist, program)).Version)
	checkSums(t, all)
	checkStatic(t, filepath.Join(dist, program))
	checkBOM(t, all[strings.TrimSuffix(program, ".exe")+".cdx.json"])
	require.Equal(t, []string{platform}, readIndex(t, all))
	require.Contains(t, string(all["image/oci-layout"]), "1.0.0")
	require.Empty(t, made.Git(t, one, "status", "--porcelain"), "dist/ is ignored")
}

// checkSums checks that each file has its checksum.
func checkSums(t *testing.T, all map[string][]byte) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(all["SHA256SUMS"])), "\n")
	require.Len(t, lines, len(all)-1)
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		want := sha256.Sum256(all[name])
		require.Equal(t, hex.EncodeToString(want[:]), sum, name)
	}
}

// checkBOM checks that an SBOM names the program, its modules and Go, and has nothing that differs each time.
func checkBOM(t *testing.T, text []byte) {
	t.Helper()
	var bom struct {
		BOMFormat, SerialNumber string
		Metadata                struct {
			Timestamp string
			Component struct{ Name, Version, PURL string }
		}
		Components []struct{ Name, Version, PURL string }
	}
	require.NoError(t, json.Unmarshal(text, &bom))
	require.Equal(t, "CycloneDX", bom.BOMFormat)
	require.Empty(t, bom.SerialNumber+bom.Metadata.Timestamp)
	require.Equal(t, "github.com/outrigger-dev/outrigger", bom.Metadata.Component.Name)
	require.Equal(t, made.CloneVersion, bom.Metadata.Component.Version)
	found := map[string]bool{}
	for _, c := range bom.Components {
		require.NotEmpty(t, c.Version, c.Name)
		require.NotEmpty(t, c.PURL, c.Name)
		found[c.Name] = true
	}
	for _, name := range []string{"std", "github.com/spf13/cobra", "sigs.k8s.io/kustomize/kyaml", "k8s.io/api"} {
		require.True(t, found[name], "%s isn't in the SBOM: %v", name, found)
	}
}

// readIndex returns the platforms of an image layout.
func readIndex(t *testing.T, all map[string][]byte) (platforms []string) {
	t.Helper()
	type descriptor struct {
		Digest   string
		Platform struct{ OS, Architecture string }
	}
	var index struct{ Manifests []descriptor }
	require.NoError(t, json.Unmarshal(all["image/index.json"], &index))
	for _, m := range index.Manifests {
		platforms = append(platforms, m.Platform.OS+"/"+m.Platform.Architecture)
		require.NotEmpty(t, all["image/blobs/"+strings.Replace(m.Digest, ":", "/", 1)])
	}
	return platforms
}
