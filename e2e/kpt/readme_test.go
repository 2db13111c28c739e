package kpt

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the README says of kpt works as it's written there.
func TestReadme(t *testing.T) {
	needKpt(t)
	dir := makePackage(t, "elasticsearch-tls", "", map[string]string{
		"sidecars.yaml": findBlock(t, "yaml", "kind: Sidecars")})
	writeFile(t, filepath.Join(dir, "Kptfile"), findBlock(t, "yaml", "kind: Kptfile"))
	words := commandWith(t, "kpt fn render")
	t.Chdir(dir)
	for range 2 {
		_, said, ok := runKpt(t, "", words...)
		require.True(t, ok, said)
		require.Contains(t, readFile(t, "elasticsearch.yaml"), "name: tls-proxy")
	}
}

func TestReadmeFlat(t *testing.T) {
	needKpt(t)
	dir := makePackage(t, "redis-tunnel", "", nil)
	words := commandWith(t, "kpt fn eval")
	for i := range words {
		words[i] = strings.Replace(words[i], "PKG", dir, 1)
	}
	_, said, ok := runKpt(t, "", words...)
	require.True(t, ok, said)
	require.Contains(t, readFile(t, dir+"/shop.yaml"), "name: wait-for")
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// findBlock returns the block of the README in a language that has a text.
func findBlock(t *testing.T, language, text string) string {
	t.Helper()
	for _, found := range fence.FindAllStringSubmatch(readFile(t, "../../README.md"), -1) {
		if found[1] == language && strings.Contains(found[2], text) {
			return found[2]
		}
	}
	require.Fail(t, "the README has no such block", text)
	return ""
}

// commandWith returns the words behind kpt of the command that begins so.
func commandWith(t *testing.T, begin string) []string {
	t.Helper()
	for line := range strings.Lines(findBlock(t, "sh", begin)) {
		if command, _, _ := strings.Cut(line, "#"); strings.HasPrefix(command, begin) {
			return strings.Fields(command)[1:]
		}
	}
	require.Fail(t, "no line of the block begins so", begin)
	return nil
}
