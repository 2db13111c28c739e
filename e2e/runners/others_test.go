//go:build runners

package runners

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// older is what the tests of fn/cli say of older versions of kustomize; `make test` runs them with the newest.
var older = &table{title: "tests of fn/cli", columns: []string{"4.5.7", "5.0.3", "5.4.3"}}

func init() { tables = append(tables, older) }

// The tests of fn/cli that build with kustomize pass with its older versions, too: documents add up, the guard can't be
// passed, the legacy plugin works, and messages are those of docs/troubleshooting.md. What a proxy is doesn't matter to
// kustomize: one kind of them will do.
func TestOlderKustomize(t *testing.T) {
	t.Parallel()
	tests := compileTests(t, root, "fn/cli")
	for _, version := range older.columns {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			found := tests.run(t, "^Test(Components.*|Guard|Kustomize.*|Troubleshooting|SilentTroubles)$",
				"OUTRIGGER_KUSTOMIZE="+kustomizes[version], "-test.skip=^TestComponentsAddUp$/^auth-proxy")
			for _, one := range found {
				if !strings.Contains(one.name, "/") {
					older.check(t, one.name, version, "", one.repeat)
				}
			}
		})
	}
}

// The tests of e2e/kpt have each example rendered, rendered again, and taken off.
func TestKptExamples(t *testing.T) {
	t.Parallel()
	tests := compileTests(t, filepath.Join(root, "e2e"), "kpt")
	for _, one := range tests.run(t, "^TestExamples$", "") {
		if names := strings.Split(one.name, "/"); len(names) == 3 {
			examples.check(t, names[2], "kpt render, again, prune", names[1], one.repeat)
		}
	}
}

// A compiled is a compiled test program, and the folder in which it runs.
type compiled struct{ path, folder string }

func compileTests(t *testing.T, module, folder string) compiled {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tests")
	out, err := exec.Command("go", "-C", module, "test", "-c", "-o", path, "./"+folder).CombinedOutput()
	require.NoError(t, err, string(out))
	return compiled{path, filepath.Join(module, folder)}
}

// An ended is a test that another program ran, and what that wrote if it failed.
type ended struct{ name, outcome, output string }

var outcomes = regexp.MustCompile(`(?m)^ *--- (PASS|FAIL|SKIP): (\S+) \(`)

// run runs tests, with a variable in the environment, and returns what became of them.
func (c compiled) run(t *testing.T, pattern, variable string, args ...string) (all []ended) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.path, append([]string{"-test.v", "-test.run=" + pattern}, args...)...)
	cmd.Dir, cmd.Env = c.folder, append(os.Environ(), variable)
	out, err := cmd.CombinedOutput()
	for _, found := range outcomes.FindAllStringSubmatch(string(out), -1) {
		all = append(all, ended{found[2], found[1], string(out)})
	}
	require.NotEmpty(t, all, "%v: %s", err, out)
	return all
}

// repeat ends as the test did.
func (e ended) repeat(t *testing.T) {
	t.Helper()
	switch e.outcome {
	case "FAIL":
		require.Fail(t, e.name+" failed", e.output)
	case "SKIP":
		t.Skip(e.name + " was skipped")
	}
}
