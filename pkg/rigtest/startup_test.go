package rigtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// Each run pays for what packages do when the program starts, and uses little of it:
// expressions are compiled when they're first asked for. (A hundred of them are a
// millisecond, of three that a start takes.)
func TestStartsWithLittle(t *testing.T) {
	for _, dir := range []string{"..", "../../fn"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "rigtest" || d.Name() == "gen"): // not in the program
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, decl := range file.Decls {
				if vars, ok := decl.(*ast.GenDecl); ok && vars.Tok == token.VAR {
					atStart(vars, func(call string) {
						require.NotEqual(t, "regexp.MustCompile", call, "%s: a package compiles it at the start", path)
					})
				}
			}
			return nil
		}))
	}
}

// atStart finds what is called to initialise variables; what is in a function is
// called later.
func atStart(n ast.Node, called func(string)) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok {
				if pkg, ok := f.X.(*ast.Ident); ok {
					called(pkg.Name + "." + f.Sel.Name)
				}
			}
		}
		_, later := n.(*ast.FuncLit)
		return !later
	})
}

// A run never reads kyaml's OpenAPI schema, though it's linked: that takes ten times as
// long as a small run. Whether it was read shows in what the first use of it allocates,
// in a process of its own, as other tests use it.
func TestSchemaIsNeverRead(t *testing.T) {
	const key = "OUTRIGGER_TEST_SCHEMA"
	if os.Getenv(key) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSchemaIsNeverRead$")
		cmd.Env = append(os.Environ(), key+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return
	}
	configs, err := filepath.Glob("testdata/*/config.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, configs)
	for _, name := range configs {
		config, err := os.ReadFile(name)
		require.NoError(t, err)
		input, err := os.ReadFile(filepath.Join(filepath.Dir(name), "input.yaml"))
		require.NoError(t, err)
		c := Case{Config: string(config), Input: string(input)}
		if conf, fs := c.readConfig(c.Config); !fs.Failed() {
			rig.Run(c.readFiles(c.Input), conf, rig.Options{})
		}
	}
	const megabyte = 1 << 20
	require.Greater(t, allocated(func() { openapi.Schema() }), uint64(megabyte), "the schema had been read before")
	require.Less(t, allocated(func() { openapi.Schema() }), uint64(megabyte), "once is enough to show it")
}

// allocated is how many bytes a function allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
