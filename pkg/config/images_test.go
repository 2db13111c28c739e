package config

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
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
		require.NotEmpty(t, image.About, "%s: say what it is", image.Ref)
		require.NotEmpty(t, image.Source, "%s: say where its newest version was looked up, and what stood there", image.Ref)
		require.Regexp(t, `^\d+(\.\d+)+$`, image.Newest, "%s: write its newest stable version", image.Ref)
		used := regexp.MustCompile(`\d+(\.\d+)+`).FindString(image.Ref[strings.LastIndexByte(image.Ref, ':'):])
		require.True(t, used == image.Newest || strings.Contains(image.Source, used),
			"%s isn't the newest version, %s: say why in its source", image.Ref, image.Newest)
		for _, dir := range image.Writes {
			require.True(t, path.IsAbs(dir), "%s: %s isn't the path of a folder", image.Ref, dir)
		}
	}
	require.Greater(t, len(seen), 35)
}

// maxAge is how long before a version's own date its images may have been looked up.
const maxAge = 180 * 24 * time.Hour

// The images of a version were looked up shortly before it. Its date is that of the commit, so that what passes once
// passes for ever. Outside of a clone, the images are compared with each other.
func TestImagesAreLookedUp(t *testing.T) {
	out, err := exec.Command("../../.ci/version", "date").Output()
	require.NoError(t, err)
	released := strings.TrimSpace(string(out))
	for _, image := range Images() {
		if len(out) == 0 {
			released = max(released, image.Seen)
		}
	}
	require.Empty(t, findOld(t, Images(), parseDay(t, released)),
		"look up the newest stable versions, and write them, the day and the source into pkg/pattern/images.go and "+
			"pkg/pattern/exporter/presets.json")

	seen := parseDay(t, Images()[0].Seen)
	require.Empty(t, findOld(t, Images()[:1], seen.Add(maxAge)))
	require.Len(t, findOld(t, Images()[:1], seen.Add(maxAge+24*time.Hour)), 1)
}

// findOld returns the images that were looked up too long before a day.
func findOld(t *testing.T, images []pattern.Image, day time.Time) (old []string) {
	t.Helper()
	for _, image := range images {
		if day.Sub(parseDay(t, image.Seen)) > maxAge {
			old = append(old, image.Ref+": "+image.Seen)
		}
	}
	return old
}

func parseDay(t *testing.T, text string) time.Time {
	t.Helper()
	day, err := time.Parse(time.DateOnly, text)
	require.NoError(t, err)
	return day
}

// Each image is written once in the program, in the table or in a preset. So a newer tag is one change, and Images
// lists all.
func TestImagesAreWrittenOnce(t *testing.T) {
	homes := []string{filepath.FromSlash("../pattern/images.go"), filepath.FromSlash("../pattern/exporter/presets.json")}
	var written []string
	require.NoError(t, filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "rigtest"):
			return filepath.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		found := imageReference.FindAllString(strings.ReplaceAll(string(text), "registry.example/name:1.2", ""), -1)
		if len(found) > 0 {
			require.Contains(t, homes, name, "images belong into one of these files: %v", found)
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
