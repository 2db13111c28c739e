//go:build runners

package runners

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What failed, and what wasn't run, is never shown as a success.
func TestPrint(t *testing.T) {
	one := table{title: "example", columns: []string{"exec", "kubectl", "kpt"}}
	one.addRow("never")
	one.cells = map[[2]string]*cell{
		{"some", "exec"}:    {passed: 3, failed: []string{"4.5.7"}},
		{"some", "kubectl"}: {skipped: []string{""}},
		{"all", "exec"}:     {passed: 4},
		{"all", "kubectl"}:  {passed: 1},
		{"all", "kpt"}:      {passed: 1, skipped: []string{"1.0.0"}},
	}
	one.addRow("some")
	one.addRow("all")
	var out strings.Builder
	one.print(&out)
	require.Equal(t, `
| example | exec         | kubectl | kpt           |
| ------- | ------------ | ------- | ------------- |
| all     | 4 ok         | ok      | NOT RUN 1.0.0 |
| never   | NOT RUN      | NOT RUN | NOT RUN       |
| some    | FAILED 4.5.7 | NOT RUN | NOT RUN       |
9 ok, 1 FAILED, 6 NOT RUN
`, out.String())
}
