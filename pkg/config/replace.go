package config

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Replacement says what is pulled in place of images that patterns bring.
type Replacement struct {
	// Name is the image to replace, such as docker.io/library/redis: without a tag, or with
	// one if no other is meant. The command `outrigger images` lists all of them.
	Name string `json:"name,omitempty"`
	// Prefix is the beginning of the names to replace, such as docker.io/ for a registry. Of
	// several prefixes, the longest counts. An entry with the name and a newName comes before
	// them.
	Prefix string `json:"prefix,omitempty"`
	// NewName replaces the name, with registry and path.
	NewName string `json:"newName,omitempty"`
	// NewPrefix replaces the prefix, as in mirror.example/dockerhub/.
	NewPrefix string `json:"newPrefix,omitempty"`
	// NewTag replaces the tag.
	NewTag string `json:"newTag,omitempty"`
	// Digest, as in sha256:..., pins the image. It replaces the tag, too. Write newTag beside
	// it, so that the version is known: then both are there, as in name:1.2@sha256:...
	Digest string `json:"digest,omitempty"`
}

const repositoryPath = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*`

var (
	// repository is the grammar of names in github.com/distribution/reference: without a path, redis:7 has a tag, and
	// no port.
	repository = pattern.LazyRegexp(`^(?:[A-Za-z0-9-]+(?:[._]+[A-Za-z0-9-]+)*(?::[0-9]+)?/)?` + repositoryPath + `$`)
	// registry is that of what comes before a name, without the slash.
	registry    = pattern.LazyRegexp(`^[A-Za-z0-9-]+(?:[._]+[A-Za-z0-9-]+)*(?::[0-9]+)?(?:/` + repositoryPath + `)?$`)
	imageTag    = pattern.LazyRegexp(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	imageDigest = pattern.LazyRegexp(`^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)
)

// Pulled returns what is pulled in place of a pattern's own image.
func (s *Spec) Pulled(ref string) string {
	name, tag := splitTag(ref)
	var named, prefix *Replacement
	for i := range s.Images {
		switch r := &s.Images[i]; {
		case r.Name == ref:
			named = r // it comes before one for all tags
		case r.Name == name && named == nil:
			named = r
		case r.Prefix != "" && strings.HasPrefix(name, r.Prefix) && (prefix == nil || len(r.Prefix) > len(prefix.Prefix)):
			prefix = r
		}
	}
	switch {
	case named != nil && named.NewName != "":
		name = named.NewName
	case prefix != nil:
		name = prefix.NewPrefix + strings.TrimPrefix(name, prefix.Prefix)
	}
	switch {
	case named == nil:
		return name + ":" + tag
	case named.Digest != "" && named.NewTag != "":
		return name + ":" + named.NewTag + "@" + named.Digest
	case named.Digest != "":
		return name + "@" + named.Digest
	case named.NewTag != "":
		return name + ":" + named.NewTag
	}
	return name + ":" + tag
}

// splitTag splits an image of the table, which has a tag and no digest.
func splitTag(ref string) (name, tag string) {
	at := strings.LastIndexByte(ref, ':')
	if at <= strings.LastIndexByte(ref, '/') {
		return ref, ""
	}
	return ref[:at], ref[at+1:]
}

// replaces reports whether an image is replaced.
func (r *Replacement) replaces(ref string) bool {
	name, _ := splitTag(ref)
	return r.Name == ref || r.Name == name || r.Prefix != "" && strings.HasPrefix(name, r.Prefix)
}

// checkImages finds mistakes in spec.images and spec.imagePullSecrets.
func (r *reader) checkImages(s *Spec) {
	known := map[string]string{}
	for i := range s.Images {
		image, at := &s.Images[i], fmt.Sprintf("spec.images[%d]", i)
		r.checkReplacement(image, at)
		key := image.Name + image.Prefix
		if first := known[key]; first != "" && key != "" {
			r.reportValue(at, quoteWord(key)+" is replaced by "+first+" already", "write one entry for it")
		}
		known[key] = at
		if !r.isReported(at) {
			r.checkReplaces(s, image, at)
		}
	}
	for i, secret := range s.ImagePullSecrets {
		var fs sidecar.Findings
		pattern.ValidateObjectName("name", secret.Name, &fs)
		at := fmt.Sprintf("spec.imagePullSecrets[%d].name", i)
		for _, f := range fs {
			r.reportValue(at, f.Message, f.Hint)
		}
		if secret.Name == "" {
			r.reportValue(at, "is empty", "write the name of a Secret of type kubernetes.io/dockerconfigjson")
		}
	}
}

// checkReplacement finds an entry that isn't complete, and invalid references.
func (r *reader) checkReplacement(image *Replacement, at string) {
	bare, tag := splitTag(image.Name)
	for _, f := range []struct {
		field, value string
		valid        bool
		example      string
	}{
		{"name", bare, repository().MatchString(bare), "docker.io/library/redis"},
		{"name", tag, imageTag().MatchString(tag), "docker.io/library/redis"},
		{"prefix", image.Prefix, isPrefix(image.Prefix), "docker.io/, with a slash at its end"},
		{"newName", image.NewName, repository().MatchString(image.NewName), "mirror.example/redis, without a tag"},
		{"newPrefix", image.NewPrefix, isPrefix(image.NewPrefix), "mirror.example/dockerhub/, with a slash at its end"},
		{"newTag", image.NewTag, imageTag().MatchString(image.NewTag), `"1.2"`},
		{"digest", image.Digest, imageDigest().MatchString(image.Digest), "sha256: and 64 hexadecimal digits"},
	} {
		if f.value != "" && !f.valid {
			r.reportValue(at+"."+f.field, quoteWord(f.value)+" isn't a valid "+f.field, "write one like "+f.example)
		}
	}
	switch renamed := image.NewName + image.NewTag + image.Digest; {
	case image.Name == "" && image.Prefix == "":
		r.reportValue(at, "names no image", "write name, or prefix for all images whose names begin with it")
	case image.Name != "" && image.Prefix != "":
		r.reportValue(at+".prefix", "is a second choice of images, beside name", "write an entry for each")
	case image.Prefix != "" && (renamed != "" || image.NewPrefix == ""):
		r.reportValue(at+".prefix", "is replaced by newPrefix, and by nothing else",
			"write newPrefix, or name in place of prefix")
	case image.Name != "" && image.NewPrefix != "":
		r.reportValue(at+".newPrefix", "replaces a prefix, and the entry has a name",
			"write newName, or prefix in place of name")
	case image.Name != "" && renamed == "":
		r.reportValue(at, "says nothing to replace the image with", "add newName, newTag or digest")
	}
}

func isPrefix(s string) bool {
	name, ok := strings.CutSuffix(s, "/")
	return ok && registry().MatchString(name)
}

// checkReplaces finds an entry that replaces nothing. It may be one of a list that several
// documents share, so that an image of another pattern is a warning alone.
func (r *reader) checkReplaces(s *Spec, image *Replacement, at string) {
	isReplaced := func(i pattern.Image) bool { return image.replaces(i.Ref) }
	key := quoteWord(image.Name + image.Prefix)
	switch {
	case !slices.ContainsFunc(Images(), isReplaced):
		r.reportValue(at, "outrigger brings no image whose name is or begins with "+key,
			nearestImage(image.Name+image.Prefix))
	case !slices.ContainsFunc(s.Pulls(), isReplaced) && len(s.Patterns) > 0 && !r.stopped:
		r.warn("no-effect", at, "no pattern of this document pulls "+key, "remove the entry, if no other document shares it")
	default:
		r.checkDigest(s, image, at)
	}
}

// checkDigest finds a digest for several images. It's that of one of them, and the other may lack a part of it.
func (r *reader) checkDigest(s *Spec, image *Replacement, at string) {
	var pinned []string
	for _, i := range s.Pulls() {
		hasOwn := slices.ContainsFunc(s.Images, func(other Replacement) bool { return other.Name == i.Ref })
		if image.Name != "" && image.replaces(i.Ref) && (!hasOwn || image.Name == i.Ref) {
			pinned = append(pinned, i.Ref)
		}
	}
	if image.Digest != "" && len(pinned) > 1 {
		r.warn("shared-digest", at+".digest", "replaces several images: "+strings.Join(pinned, " and "),
			"write an entry for each, with its tag in name")
	}
}

func (r *reader) warn(code, at, message, hint string) {
	r.findings = append(r.findings, sidecar.Finding{Severity: sidecar.Warning, Code: code, Line: r.lineOfField(at),
		Field: at, Message: message, Hint: hint})
}

// nearestImage returns the hint for a name that no image has.
func nearestImage(word string) string {
	bare, _ := splitTag(word)
	var names []string
	for _, i := range Images() {
		name, _ := splitTag(i.Ref)
		if path.Base(name) == path.Base(bare) {
			return "did you mean " + name
		}
		names = append(names, name)
		for dir := path.Dir(name); strings.HasSuffix(word, "/") && dir != "."; dir = path.Dir(dir) {
			names = append(names, dir+"/")
		}
	}
	if hint := suggestWord(word, names); hint != "" {
		return hint
	}
	return "the command outrigger images lists them"
}
