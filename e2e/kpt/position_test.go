package kpt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// What kpt wouldn't keep is refused: a function that sees only chosen objects can't find what it has added, and what a
// validator adds is dropped. The files stay as they are.
func TestPosition(t *testing.T) { made.EachKpt(t, checkPosition) }

func checkPosition(t *testing.T) {
	t.Helper()
	entry := mutators("tls.yaml")
	checked := strings.Replace(strings.TrimPrefix(entry, "pipeline:\n"), "mutators", "validators", 1)
	outside := "    - exec: cat\n      selectors:\n        - kind: Deployment\n"
	for name, c := range map[string]struct{ pipeline, says string }{
		"selectors":            {entry + "      selectors:\n        - kind: Deployment\n", "error[kpt-selection]"},
		"selectors of nothing": {entry + "      selectors:\n        - kind: Nothing\n", "error[kpt-selection]"},
		"exclude":              {entry + "      exclude:\n        - kind: Service\n", "error[kpt-selection]"},
		"validator":            {"pipeline:\n" + checked, "error[kpt-validator]"},
		"selectors of another": {strings.Replace(entry, "  mutators:\n", "  mutators:\n"+outside, 1) + outside, ""},
		"validator, too":       {entry + checked, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := makePackage(t, "elasticsearch-tls", c.pipeline, map[string]string{"tls.yaml": document("tls", proxy)})
			before := readFiles(t, dir)
			_, said, ok := runKpt(t, "", "fn", "render", dir, "--allow-exec", "--truncate-output=false")
			require.Equal(t, c.says == "", ok, said)
			require.Contains(t, said, c.says)
			if c.says != "" {
				require.Equal(t, before, readFiles(t, dir))
				return
			}
			once := readFiles(t, dir)
			require.Contains(t, once["elasticsearch.yaml"], "name: tls-proxy")
			render(t, dir)
			require.Equal(t, once, readFiles(t, dir))
		})
	}
	dir := makePackage(t, "elasticsearch-tls", "", map[string]string{"tls.yaml": document("tls", proxy)})
	_, said, ok := runKpt(t, "", "fn", "eval", dir, "--exec", "outrigger", "--fn-config", dir+"/tls.yaml", "--match-kind",
		"Deployment", "--truncate-output=false")
	require.False(t, ok)
	require.Contains(t, said, "error[kpt-selection]")
}
