package manifest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table of docs/workloads.md has every kind and every path that outrigger knows, and no other path.
func TestTableOfTemplates(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "workloads.md"))
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(raw), "| --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	known := slices.Clone(templates)
	for _, kinds := range []map[[2]string][]string{custom, parted} {
		for kind, paths := range kinds {
			row := ""
			for line := range strings.Lines(table) {
				names, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
				for _, name := range strings.Split(names, ", ") {
					if name[strings.LastIndexByte(name, ' ')+1:] == kind[1] && !strings.HasSuffix(line, "| `spec.template` |\n") {
						row = line
					}
				}
			}
			for _, path := range paths {
				require.Contains(t, row, "`"+path+"`", kind)
			}
			known = append(known, paths...)
		}
	}
	for i, quoted := range strings.Split(table, "`") {
		if i%2 == 1 {
			require.Contains(t, known, quoted)
		}
	}
}
