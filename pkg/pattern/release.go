package pattern

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// NewestPart stands for a part of a version that the image doesn't name: it's newer than
// all.
const NewestPart = 1 << 20

// A Release of a program: major, minor and patch.
type Release [3]int

// AtLeast reports whether this is the given release or a later one.
func (r Release) AtLeast(major, minor, patch int) bool {
	for i, want := range [3]int{major, minor, patch} {
		if r[i] != want {
			return r[i] > want
		}
	}
	return true
}

// CheckVersion finds an image with a digest and without a tag. What it runs is pinned, but
// its version isn't known, and counts as the newest. So patterns that render otherwise for
// older versions must say so.
func CheckVersion(ref string, fs *sidecar.Findings) {
	name, _, pinned := strings.Cut(ref, "@")
	if pinned && !strings.Contains(path.Base(name), ":") {
		fs.Add(sidecar.Warning, "image-version", "",
			"image "+ref+" has a digest and no tag, so its version isn't known and counts as the newest",
			"write the tag too, as in registry.example/name:1.2@sha256:...")
	}
}

var versionTag = LazyRegexp(`^v?(\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?(?:[.+_-].*)?$`)

// ReleaseOf reads the version of a program from the tag of an image. Only an image named
// for the program counts, since others number their own releases. An image without a
// version, such as latest or a digest alone, counts as the newest. So does the missing part
// of a tag like 1.27, which moves with the branch.
func ReleaseOf(ref string, programs ...string) Release {
	ref, _, _ = strings.Cut(ref, "@")
	name := ref[strings.LastIndexByte(ref, '/')+1:]
	name, tag, _ := strings.Cut(name, ":")
	m := versionTag().FindStringSubmatch(tag)
	if m == nil || !slices.ContainsFunc(programs, func(p string) bool { return strings.Contains(name, p) }) {
		return Release{NewestPart, NewestPart, NewestPart}
	}
	r := Release{0, 0, NewestPart}
	for i, digits := range m[1:] {
		if digits != "" {
			r[i], _ = strconv.Atoi(digits) // five digits at most
		}
	}
	return r
}
