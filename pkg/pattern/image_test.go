package pattern

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// imageReference finds what names an image of a registry, with its tag.
var imageReference = regexp.MustCompile(`\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+/[a-z0-9/_.-]+:[\w.-]*\d[\w.-]*`)

// listedImages are the references in image.go.
func listedImages(t *testing.T) (refs []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "image.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Ref" {
				ref, err := strconv.Unquote(pair.Value.(*ast.BasicLit).Value)
				require.NoError(t, err)
				refs = append(refs, ref)
			}
		}
		return true
	})
	return refs
}

// Each image has a registry, so that mirrors know it, and the tag of a version; none is
// there twice.
func TestImages(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+/[a-z0-9/_.-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9-]+)?$`)
	seen := map[string]bool{}
	for _, ref := range listedImages(t) {
		require.Regexp(t, form, ref)
		require.Regexp(t, imageReference, ref, "the next test would miss it")
		require.False(t, seen[ref], ref)
		seen[ref] = true
	}
	require.Greater(t, len(seen), 35)
	for name, image := range ExporterImages {
		require.True(t, seen[image.Ref], name)
		require.Positive(t, image.UID, name)
		require.Positive(t, image.GID, name)
	}
}

// No other file of the program names an image: another tag is written in one place.
func TestImagesAreInOnePlace(t *testing.T) {
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "rigtest"):
			return filepath.SkipDir
		case d.IsDir() || strings.HasSuffix(path, "_test.go") || path == filepath.Join("..", "pattern", "image.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			line = strings.ReplaceAll(line, "registry.example/name:1.2", "") // a form to write
			require.NotRegexp(t, imageReference, line, path)
		}
		return nil
	}))
}
