package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// imageReference finds an image of a registry, with its tag.
var imageReference = regexp.MustCompile(`\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+/[a-z0-9/_.-]+:[\w.-]*\d[\w.-]*`)

// Each image has a registry, which mirrors need, the tag of a version, and a numeric user. None is listed twice.
func TestImages(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+/[a-z0-9/_.-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9-]+)?$`)
	seen := map[string]bool{}
	for _, image := range Images() {
		require.Regexp(t, form, image.Ref, "write the registry, the name and the tag of a version")
		require.Regexp(t, imageReference, image.Ref, "the next test would miss it")
		require.False(t, seen[image.Ref], "%s is listed twice", image.Ref)
		seen[image.Ref] = true
		require.True(t, image.UID > 0 && image.GID > 0,
			"%s has no uid or gid: write the numbers of its user from its Dockerfile, or 65534 for root", image.Ref)
	}
	require.Greater(t, len(seen), 35)
}

// Each image is written once in the program, in the table or in a preset. So a newer tag is one change, and Images
// lists all.
func TestImagesAreWrittenOnce(t *testing.T) {
	homes := []string{filepath.FromSlash("../pattern/image.go"), filepath.FromSlash("../pattern/exporter/presets.json")}
	var written []string
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "rigtest"):
			return filepath.SkipDir
		case d.IsDir() || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		found := imageReference.FindAllString(strings.ReplaceAll(string(text), "registry.example/name:1.2", ""), -1)
		if len(found) > 0 {
			require.Contains(t, homes, path, "images belong into one of these files: %v", found)
		}
		written = append(written, found...)
		return nil
	}))
	var listed []string
	for _, image := range Images() {
		listed = append(listed, image.Ref)
	}
	slices.Sort(listed)
	slices.Sort(written)
	require.Equal(t, listed, written)
}
