package files

import (
	"path"
	"path/filepath"
	"strings"
)

// isSkipped reports whether a pattern leaves out a file or a folder, by the name that
// messages have.
func (r *reader) isSkipped(name string) bool {
	skipped := false
	for _, pattern := range r.skip {
		if matchesEnd(pattern, path.Clean(filepath.ToSlash(name))) {
			r.matched[pattern], skipped = true, true
		}
	}
	return skipped
}

// matchesEnd reports whether a pattern matches a path, or what is left of it without some
// of its first folders. Two stars stand for any number of folders.
func matchesEnd(pattern, name string) bool {
	segments := strings.Split(path.Clean(pattern), "/")
	for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
		if matchSegments(segments, strings.Split(rest, "/")) {
			return true
		}
	}
	return false
}

func matchSegments(patterns, names []string) bool {
	switch {
	case len(patterns) == 0:
		return len(names) == 0
	case patterns[0] == "**":
		return matchSegments(patterns[1:], names) || len(names) > 0 && matchSegments(patterns, names[1:])
	case len(names) == 0:
		return false
	}
	ok, _ := path.Match(patterns[0], names[0])
	return ok && matchSegments(patterns[1:], names[1:])
}

// reportUnmatched adds a note about each pattern that left nothing out.
func (r *reader) reportUnmatched() {
	for _, pattern := range r.skip {
		if !r.matched[pattern] {
			r.addNote("--skip %s leaves nothing out: no file or folder matches", showName(pattern))
		}
	}
}
