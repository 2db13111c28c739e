package pattern

import (
	"slices"
	"strconv"
	"strings"
)

// newest is what a program counts as whose version can't be told from its image.
const newest = 1 << 20

// A release of a program: major, minor and patch.
type release [3]int

func (r release) atLeast(major, minor, patch int) bool {
	for i, want := range [3]int{major, minor, patch} {
		if r[i] != want {
			return r[i] > want
		}
	}
	return true
}

var versionTag = expression(`^v?(\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?(?:[.+_-].*)?$`)

// programRelease reads the version of a program from the tag of an image. Only images
// that are named for the program are believed, others number their own releases; what
// has no version, as latest or a digest alone, counts as the newest. So does the
// missing part of a tag like 1.27, which moves with the branch.
func programRelease(ref string, programs ...string) release {
	ref, _, _ = strings.Cut(ref, "@")
	name := ref[strings.LastIndexByte(ref, '/')+1:]
	name, tag, _ := strings.Cut(name, ":")
	m := versionTag().FindStringSubmatch(tag)
	if m == nil || !slices.ContainsFunc(programs, func(p string) bool { return strings.Contains(name, p) }) {
		return release{newest, newest, newest}
	}
	r := release{0, 0, newest}
	for i, digits := range m[1:] {
		if digits != "" {
			r[i], _ = strconv.Atoi(digits) // five digits at most
		}
	}
	return r
}
