package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// TestLinks follows each link of each document to a file, a folder or a heading of this tree.
func TestLinks(t *testing.T) {
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	documents := readDocuments(t, root)
	require.Contains(t, documents, filepath.Join(root, "README.md"))
	count := 0
	for file, text := range documents {
		name, err := filepath.Rel(root, file)
		require.NoError(t, err)
		for _, link := range listLinks(text) {
			count++
			path, anchor, _ := strings.Cut(link, "#")
			to := file
			if path != "" {
				to = filepath.Join(filepath.Dir(file), path)
			}
			inside := to == root || strings.HasPrefix(to, root+string(os.PathSeparator))
			if _, err := os.Stat(to); err != nil || !inside {
				t.Errorf("%s: nothing is behind the link %s", name, link)
			} else if anchor != "" && !slices.Contains(listAnchors(documents[to]), anchor) {
				t.Errorf("%s: no heading is behind the link %s", name, link)
			}
		}
	}
	require.Greater(t, count, 200)
}

// A link that leads nowhere is found, in a table and before a full stop, and code isn't read.
func TestLinksAreFound(t *testing.T) {
	text := "# One & two `three.four`\n\n[a](b.md#c), ![d](e).\n\n```sh\n# [f](g)\n```\n" +
		"| `[h](i)` | [j](#k) [l](https://m) |\n## Again\n## Again\n"
	require.Equal(t, []string{"b.md#c", "e", "#k"}, listLinks(text))
	require.Equal(t, []string{"one--two-threefour", "again", "again-1"}, listAnchors(text))
}

// readDocuments reads all files in Markdown, by path.
func readDocuments(t *testing.T, root string) map[string]string {
	t.Helper()
	documents := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "testdata", "node_modules"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		documents[path] = string(text)
		return err
	}))
	return documents
}

var (
	fenced   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	code     = regexp.MustCompile("`[^`\n]*`")
	linked   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// listLinks returns what the links of a document lead to, but for those to other sites.
func listLinks(text string) (links []string) {
	for _, m := range linked.FindAllStringSubmatch(code.ReplaceAllString(fenced.ReplaceAllString(text, ""), ""), -1) {
		if !strings.Contains(m[1], "://") {
			links = append(links, m[1])
		}
	}
	return links
}

// listAnchors returns the anchors of a document's headings, as GitHub makes them.
func listAnchors(text string) (anchors []string) {
	seen := map[string]int{}
	for _, m := range headings.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		anchor := strings.ReplaceAll(strings.Map(func(r rune) rune {
			if r == '-' || r == ' ' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]), " ", "-")
		if n := seen[anchor]; n > 0 {
			anchors = append(anchors, anchor+"-"+string(rune('0'+n)))
		} else {
			anchors = append(anchors, anchor)
		}
		seen[anchor]++
	}
	return anchors
}
