package generate

import "strings"

// drawReplacements replaces images of patterns: by those of a mirror, or by other tags and digests.
func (r random) drawReplacements() *Node {
	all := list(dict("prefix", "docker.io/", "newPrefix", pick(r, "mirror.example/hub/", "localhost:5000/")))
	if r.one(2) {
		all.add(dict("prefix", "quay.io/", "newPrefix", "mirror.example/quay/"))
	}
	pinned := dict("name", "docker.io/library/busybox", "newTag", pick(r, "1.38.0", "1e3"))
	if r.one(2) {
		pinned.set("digest", "sha256:"+strings.Repeat("0123456789abcdef", 4))
	}
	if r.one(3) {
		pinned.set("newName", "registry.example/name")
	}
	all.add(pinned)
	return all
}
