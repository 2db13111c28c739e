package rigtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
