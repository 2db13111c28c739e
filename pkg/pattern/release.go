package pattern

import (
	"slices"
	"strconv"
	"strings"
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
