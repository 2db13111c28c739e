//go:build runners

package runners

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

var plugins = &table{title: "tests of e2e/argocd", columns: []string{"argocd-cmp-server"}}

func init() { tables = append(tables, plugins) }

// promised are the tests that say what the plugin keeps.
var promised = map[string]string{
	"TestGenerate": works, "TestRendererFails": failsClosed, "TestErrorsReachUsers": errorShown,
}

// The tests of e2e/argocd that ask a server pass with the real one, too; `make test` has a stand-in.
func TestArgoCD(t *testing.T) {
	t.Parallel()
	bin, err := made.Make("bin/argocd")
	require.NoError(t, err)
	tests := compileTests(t, filepath.Join(root, "e2e"), "argocd")
	const asking = "^Test(Discovery|Generate|ErrorsReachUsers|PlatformStays|RendererFails|Environment)$"
	for _, one := range tests.run(t, asking, "OUTRIGGER_ARGOCD="+filepath.Join(bin, "argocd")) {
		if !strings.Contains(one.name, "/") {
			plugins.check(t, one.name, "argocd-cmp-server", "", one.repeat)
			if column := promised[one.name]; column != "" {
				promises.check(t, "argocd-cmp-server", column, "", one.repeat)
			}
		}
	}
}
