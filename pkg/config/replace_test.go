package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestPulled(t *testing.T) {
	for name, c := range map[string]struct {
		images []Replacement
		want   string
	}{
		"nothing": {nil, "docker.io/team/nginx:1.30.6"},
		"others": {[]Replacement{{Name: "docker.io/team/redis", NewTag: "2"}},
			"docker.io/team/nginx:1.30.6"},
		"a name": {[]Replacement{{Name: "docker.io/team/nginx", NewName: "own.example/web"}},
			"own.example/web:1.30.6"},
		"a tag": {[]Replacement{{Name: "docker.io/team/nginx", NewTag: "1.31"}},
			"docker.io/team/nginx:1.31"},
		"a digest": {[]Replacement{{Name: "docker.io/team/nginx", Digest: digest}},
			"docker.io/team/nginx@" + digest},
		"a tag with it": {[]Replacement{{Name: "docker.io/team/nginx", NewTag: "1.31", Digest: digest}},
			"docker.io/team/nginx:1.31@" + digest},
		"a mirror": {[]Replacement{{Prefix: "docker.io/", NewPrefix: "mirror.example/hub/"}},
			"mirror.example/hub/team/nginx:1.30.6"},
		"the longest prefix": {[]Replacement{{Prefix: "docker.io/team/", NewPrefix: "team.example/"},
			{Prefix: "docker.io/", NewPrefix: "mirror.example/"}}, "team.example/nginx:1.30.6"},
		"a mirror and a tag": {[]Replacement{{Name: "docker.io/team/nginx", NewTag: "1.31"},
			{Prefix: "docker.io/", NewPrefix: "mirror.example/"}}, "mirror.example/team/nginx:1.31"},
		"a name before a mirror": {[]Replacement{{Prefix: "docker.io/", NewPrefix: "mirror.example/"},
			{Name: "docker.io/team/nginx", NewName: "own.example/web"}}, "own.example/web:1.30.6"},
		"one tag of two": {[]Replacement{{Name: "docker.io/team/nginx:1.30.6", NewTag: "6"},
			{Name: "docker.io/team/nginx", NewTag: "0"}}, "docker.io/team/nginx:6"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Images: c.images}
			require.Equal(t, c.want, spec.Pulled("docker.io/team/nginx:1.30.6"))
		})
	}
}

// With a mirror for each registry, the mirror has all images of the table.
func TestPulledFromMirrors(t *testing.T) {
	var spec Spec
	registries := map[string]bool{}
	for _, i := range Images() {
		registry, _, _ := strings.Cut(i.Ref, "/")
		if !registries[registry] {
			registries[registry] = true
			spec.Images = append(spec.Images, Replacement{Prefix: registry + "/", NewPrefix: "mirror.example/" + registry + "/"})
		}
	}
	for _, i := range Images() {
		require.Equal(t, "mirror.example/"+i.Ref, spec.Pulled(i.Ref))
	}
}

// An image of another pattern is in lists that several documents share.
func TestReplacesNothingHere(t *testing.T) {
	name, _ := splitTag(pattern.RedisImage.Ref)
	_, fs := Read([]byte("apiVersion: "+APIVersion+"\nkind: Sidecars\nspec:\n  images: [{name: "+name+", newTag: '9'}]\n"+
		"  select: [{name: app}]\n  patterns: [redisCache: {maxMemory: 64Mi}]\n"), "")
	require.NoError(t, fs.Err())
	require.Len(t, fs, 1)
	require.Equal(t, "line 4: spec.images[0]: no pattern of this document pulls \""+name+
		"\"; remove the entry, if no other document shares it", fs[0].String())
}

// Two images of one name are different programs: a digest is that of one of them.
func TestSharedDigest(t *testing.T) {
	name, tag := splitTag(pattern.NginxImage.Ref)
	const both = "tlsProxy: {secretName: a, mode: front}}, {authProxy: {port: 80, jwt: {issuer: 'https://a.example', " +
		"jwksURI: 'https://a.example/keys', audiences: [a]}, rebind: {assumeLoopback: true, port: 81}, secretName: a}"
	const one = "tlsProxy: {secretName: a, mode: front}"
	exact := "{name: '" + name + ":" + tag + "', digest: '" + digest + "'}"
	for _, c := range []struct {
		images, patterns string
		warns            bool
	}{
		{"{name: " + name + ", digest: '" + digest + "'}", both, true},
		{"{name: " + name + ", newTag: '1', digest: '" + digest + "'}", both, true},
		{"{name: " + name + ", newTag: '1'}", both, false},
		{"{name: " + name + ", digest: '" + digest + "'}", one, false},
		{exact + ", {name: " + name + ", digest: '" + digest + "'}", both, false},
		{exact, both, false},
	} {
		_, fs := Read([]byte("apiVersion: "+APIVersion+"\nkind: Sidecars\nspec:\n  images: ["+c.images+"]\n"+
			"  select: [{name: app}]\n  patterns: [{"+c.patterns+"}]\n"), "")
		require.NoError(t, fs.Err())
		var found []string
		for _, f := range fs {
			if f.Code == "shared-digest" {
				found = append(found, f.String())
			}
		}
		if !c.warns {
			require.Empty(t, found, c.images)
			continue
		}
		require.Len(t, found, 1, "%s: %v", c.images, fs)
		require.Equal(t, "line 4: spec.images[0].digest: replaces several images: "+pattern.NginxJSImage.Ref+" and "+
			pattern.NginxImage.Ref+"; write an entry for each, with its tag in name", found[0])
	}
}

func TestReplacementMistakes(t *testing.T) {
	valkey, _ := splitTag(pattern.ValkeyImage.Ref)
	for name, c := range map[string]struct{ images, want string }{
		"a misspelt name": {"{name: docker.io/valkei/valkey, newTag: '9'}",
			"3: spec.images[0]: outrigger brings no image whose name is or begins with " +
				"\"docker.io/valkei/valkey\"; did you mean " + valkey},
		"a short name": {"{name: valkey, newTag: '9'}", "did you mean " + valkey},
		"a wrong registry": {"{prefix: dockr.io/, newPrefix: mirror.example/}",
			"begins with \"dockr.io/\"; did you mean docker.io/"},
		"twice": {"{name: " + valkey + ", newTag: '9'}, {name: " + valkey + ", newTag: '8'}",
			"spec.images[1]: \"" + valkey + "\" is replaced by spec.images[0] already"},
		"a bad name": {"{name: '" + valkey + " ', newTag: '9'}", "isn't a valid name"},
		"a bad tag": {"{name: " + valkey + ", newTag: 'a b'}",
			"spec.images[0].newTag: \"a b\" isn't a valid newTag; write one like \"1.2\""},
		"a bad digest": {"{name: " + valkey + ", digest: 'sha256:123'}",
			"spec.images[0].digest: \"sha256:123\" isn't a valid digest"},
		"a bad new name": {"{name: " + valkey + ", newName: 'Mirror.Example/Valkey:9'}",
			"isn't a valid newName"},
		"a tag that could be a port": {"{name: " + valkey + ", newName: 'valkey:9'}", "isn't a valid newName"},
		"a registry alone":           {"{name: " + valkey + ", newName: 'mirror.example:5000'}", "isn't a valid newName"},
		"no slash": {"{prefix: docker.io, newPrefix: mirror.example/}",
			"spec.images[0].prefix: \"docker.io\" isn't a valid prefix; write one like docker.io/, with a slash"},
		"nothing new": {"{name: " + valkey + "}", "says nothing to replace the image with"},
		"nothing old": {"{newTag: '9'}", "names no image"},
		"both": {"{name: " + valkey + ", prefix: docker.io/, newPrefix: m.example/, newTag: '9'}",
			"is a second choice of images"},
		"a prefix's tag": {"{prefix: docker.io/, newTag: '9'}", "is replaced by newPrefix"},
		"a name's prefix": {"{name: " + valkey + ", newPrefix: m.example/}",
			"replaces a prefix, and the entry has a name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, fs := Read([]byte("apiVersion: "+APIVersion+"\nkind: Sidecars\nspec: {images: ["+c.images+"],\n"+
				"  select: [{name: app}], patterns: [redisCache: {maxMemory: 64Mi}]}\n"), "")
			require.Error(t, fs.Err())
			require.Contains(t, fs.Err().Error(), c.want)
		})
	}
}
