package cli

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
)

// The list has all images of the table, as text and as JSON.
func TestImages(t *testing.T) {
	code, text, err := call("", "images")
	require.Equal(t, exitDone, code, err)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	rows := listAsJSON(t)
	require.Len(t, rows, len(config.Images()))
	for n, i := range config.Images() {
		require.Equal(t, []string{i.Ref, i.Seen}, []string{strings.Fields(lines[n])[0], strings.Fields(lines[n])[2]})
		require.Contains(t, lines[n], i.About)
		uid, gid := i.UID, i.GID
		require.Equal(t, pulledImage{Image: i.Ref, UID: &uid, GID: &gid, About: i.About, Writes: i.Writes, Newest: i.Newest,
			Seen: i.Seen, Source: i.Source}, rows[n])
	}
}

func listAsJSON(t *testing.T, args ...string) (rows []pulledImage) {
	t.Helper()
	code, out, err := call("", append([]string{"images", "-o", "json"}, args...)...)
	require.Equal(t, exitDone, code, err)
	require.NoError(t, json.Unmarshal([]byte(out), &rows))
	return rows
}

// With documents, the list has what they pull: after spec.images, and with the images that they name.
func TestImagesOfDocuments(t *testing.T) {
	first := file(t, "first.yaml", `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: first}
spec:
  select: [{name: web}]
  images: [{prefix: docker.io/, newPrefix: mirror.example/}]
  patterns:
  - redisCache: {}
  - name: own
    custom: {containers: [{name: own, image: "registry.example/name:1.2"}]}
`)
	second := file(t, "second.yaml", `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: second}
spec:
  select: [{name: web}]
  patterns:
  - waitFor: {targets: ["db:5432"]}
`)
	rows := listAsJSON(t, "-c", first, "-c", second)
	require.Len(t, rows, 3)
	require.Equal(t, strings.Replace(pattern.ValkeyImage.Ref, "docker.io/", "mirror.example/", 1), rows[0].Image)
	require.Equal(t, pattern.ValkeyImage.Ref, rows[0].Replaces)
	require.Equal(t, pulledImage{Image: "registry.example/name:1.2", About: "named in the document"}, rows[1])
	require.Equal(t, pattern.BusyboxImage.Ref, rows[2].Image)

	code, text, err := call("", "images", "-c", first)
	require.Equal(t, exitDone, code, err)
	require.Contains(t, text, ", in place of "+pattern.ValkeyImage.Ref+"\n")
	code, text, err = call("", "images", "-c", file(t, "wrong.yaml", "kind: Sidecars\n"))
	require.Equal(t, exitFailed, code)
	require.Empty(t, text)
	require.Contains(t, err, "error[")
	code, _, err = call("", "images", "web.yaml")
	require.Equal(t, exitMisuse, code)
	require.Contains(t, err, "takes no arguments")
}

// Renovate, as the README tells it, finds the pins of spec.images. Its expressions are RE2's, as Go's are.
func TestRenovateFindsPins(t *testing.T) {
	readme := text(t, "../../README.md")
	var renovate struct {
		CustomManagers []struct{ MatchStrings []string } `json:"customManagers"`
	}
	_, rest, _ := strings.Cut(readme, "```json\n{\n  \"kubernetes\"")
	paste, _, ok := strings.Cut(rest, "```")
	require.True(t, ok)
	require.NoError(t, json.Unmarshal([]byte("{\"kubernetes\""+paste), &renovate))
	find := regexp.MustCompile(renovate.CustomManagers[0].MatchStrings[0])
	found := find.FindStringSubmatch(text(t, "../../examples/private-registry/sidecars/sidecars.yaml"))
	require.NotNil(t, found)
	get := func(group string) string { return found[find.SubexpIndex(group)] }
	require.Equal(t, "docker.io/valkey/valkey", get("depName"))
	require.Equal(t, "9.1.2-alpine", get("currentValue"))
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", get("currentDigest"))
	require.Nil(t, find.FindStringSubmatch("name: shop\nspec:\n  newTag: 1\n"))
}
