package admission

import (
	"regexp"
	"strings"
)

// Repository returns an image without its tag and digest.
func Repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if at := strings.LastIndexByte(image, ':'); at > strings.LastIndexByte(image, '/') {
		image = image[:at]
	}
	return image
}

// imagePattern returns a regular expression for all images of a repository, with any tag and digest. Those of Docker
// Hub have several spellings (https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed). A container
// without an image may have any.
func imagePattern(image string) string {
	const version = `(:[^/]*)?(@[^/]*)?$` // with a slash in it, what is before would be another registry
	repository := Repository(image)
	if repository == "" {
		return ""
	}
	domain, path, found := strings.Cut(repository, "/")
	switch {
	case !found:
		path = domain
	case domain == "docker.io", domain == "index.docker.io":
	case strings.ContainsAny(domain, ".:"), domain == "localhost", domain != strings.ToLower(domain):
		return "^" + regexp.QuoteMeta(repository) + version
	default:
		path = repository
	}
	if path = strings.TrimPrefix(path, "library/"); !strings.Contains(path, "/") {
		return `^((index\.)?docker\.io/)?(library/)?` + regexp.QuoteMeta(path) + version
	}
	return `^((index\.)?docker\.io/)?` + regexp.QuoteMeta(path) + version
}
