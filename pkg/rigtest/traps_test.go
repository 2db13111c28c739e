package rigtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// row is one of the table in examples/traps/README.md: the case's folder, and what
// outrigger does, in the last column.
var row = regexp.MustCompile(`(?m)^\| \[[^\]]*\]\((\d\d-[a-z-]+)\) \|.*\| ([^|]*) \|$`)

// TestTraps checks the cases of the comparison with others, all laws, and that the
// page's own column says of each what happens.
func TestTraps(t *testing.T) {
	const dir = "../../examples/traps"
	page, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	rows := row.FindAllStringSubmatch(string(page), -1)
	folders, err := filepath.Glob(filepath.Join(dir, "*", "config.yaml"))
	require.NoError(t, err)
	require.Len(t, rows, len(folders), "each folder has a row, and each row a folder")
	for _, r := range rows {
		t.Run(r[1], func(t *testing.T) {
			Check(t, filepath.Join(dir, r[1]))
			for kind, file := range map[string]string{"error": "errors.txt", "warning": "warnings.txt", "info": "warnings.txt"} {
				text, _ := os.ReadFile(filepath.Join(dir, r[1], file)) // none: none of the kind
				said := false
				for _, line := range strings.Split(string(text), "\n") {
					if found, ok := strings.CutPrefix(line, kind+" "); ok {
						code, _, _ := strings.Cut(found, ":")
						require.Contains(t, r[2], "`"+code+"`", "the page must name each finding")
						said = true
					}
				}
				require.Equal(t, said, strings.Contains(r[2], kind+" `"), "the page says %q", r[2])
			}
		})
	}
}
