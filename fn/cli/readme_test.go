package cli

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/rigtest"
)

// block returns the lines between two markers in the README, without the fence.
func block(t *testing.T, name string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(text(t, "../../README.md"), "<!-- "+name+":begin -->\n")
	require.True(t, ok)
	inner, _, ok := strings.Cut(rest, "<!-- "+name+":end -->")
	require.True(t, ok)
	lines := strings.Split(strings.TrimSpace(inner), "\n")
	return lines[1 : len(lines)-1]
}

// The README shows the files of the example and the real output of the program.
func TestReadme(t *testing.T) {
	example := "../../examples/elasticsearch-tls/"
	require.Equal(t, strings.TrimSpace(text(t, example+"sidecars/sidecars.yaml")),
		strings.Join(block(t, "config")[1:], "\n"), "below its path")
	require.LessOrEqual(t, len(block(t, "config")), 21, "short enough to be read")

	code, after, stderr := call("", "inject", "-c", example+"sidecars/sidecars.yaml", example+"base/elasticsearch.yaml")
	require.Zero(t, code, stderr)
	rest := rigtest.DiffTexts(t, text(t, example+"base/elasticsearch.yaml"), after)
	for part := range strings.SplitSeq(strings.Join(block(t, "diff"), "\n")+"\n", "...\n") {
		at := strings.Index(rest, part)
		require.GreaterOrEqual(t, at, 0, "the README shows a diff that isn't so:\n%s\nin\n%s", part, rest)
		rest = rest[at+len(part):]
	}

	var goldens strings.Builder
	files, err := filepath.Glob("../../pkg/rigtest/testdata/*/errors.txt")
	require.NoError(t, err)
	for _, f := range files {
		goldens.WriteString(text(t, f))
	}
	printed := regexp.MustCompile(`(?m)^(\w+)\[([a-z-]+)\]: (.*)$`)
	shown := strings.ReplaceAll(strings.Join(block(t, "errors"), "\n"), "\n  hint: ", "; ")
	for line := range strings.SplitSeq(shown, "\n") {
		golden := printed.ReplaceAllString(line, "$1 $2: $3")
		require.Contains(t, "\n"+goldens.String(), "\n"+golden+"\n", "no test has this error")
	}
}

// Each promise of SECURITY.md names a test that exists.
func TestSecurityPromisesAreTested(t *testing.T) {
	var tests strings.Builder
	require.NoError(t, filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			tests.WriteString(text(t, path))
		}
		return err
	}))
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(text(t, "../../SECURITY.md"), -1)
	require.Greater(t, len(named), 30)
	for _, name := range named {
		exists := strings.Contains(tests.String(), "\nfunc "+name[1]+"(")
		require.True(t, exists, "SECURITY.md names %s, which doesn't exist", name[1])
	}
}
