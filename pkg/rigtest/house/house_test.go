// Package house checks how the tree is written: the length of lines, the names of functions, the size of folders.
package house

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const (
	columns      = 120 // a tab counts as one
	operators    = 4   // && and || in one line
	oneWord      = 40  // percent of the functions of a package whose name is one word
	fewFunctions = 10  // a share of fewer says nothing
	definitions  = 3   // of one name of a function
	files        = 32  // in a folder, without tests
	patternFiles = 20  // in a folder below pkg/pattern
)

// standard are the methods of interfaces outside of the tree.
var standard = []string{
	"As", "Close", "Error", "Is", "Len", "Less", "MarshalJSON", "Read", "ReadFrom", "ServeHTTP", "String", "Swap",
	"UnmarshalJSON", "Unwrap", "Write",
}

var update = flag.Bool("update", false, "lower the limits in exceptions.txt to what the tree has now")

// A finding is something of which a folder, or a name of a function, has too much.
type finding struct {
	rule, where string
}

// TestHouse compares the tree with its limits. What doesn't keep them yet is in exceptions.txt, with a number that may
// only fall: what is better than its exception fails, too.
func TestHouse(t *testing.T) {
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	tree := readTree(t, root)
	found := map[finding]int{}
	places := tree.checkLines(found)
	tree.checkFolders(found)
	tree.checkNames(found, places)
	excepted := readExceptions(t)
	if *update {
		writeExceptions(t, excepted, found)
	}
	for f, n := range found {
		allowed := excepted[f]
		if n > allowed {
			t.Errorf("%s: %s is %d, allowed are %d%s", f.where, f.rule, n, allowed, strings.Join(places[f], ""))
		}
	}
	for f, n := range excepted {
		if n > found[f] && !*update {
			t.Errorf("%s: %s is %d, better than %d in %s: go test ./pkg/rigtest/house -update",
				f.where, f.rule, found[f], n, exceptions)
		}
	}
}

// A file is one Go file that isn't generated.
type file struct {
	folder, name string
	text         []byte
	syntax       *ast.File
	test         bool
}

type tree []file

// readTree reads all Go files that git would take.
func readTree(t *testing.T, root string) (all tree) {
	t.Helper()
	positions := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "bin", "testdata"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(positions, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		if ast.IsGenerated(syntax) {
			return nil
		}
		relative, err := filepath.Rel(root, path)
		all = append(all, file{
			folder: filepath.Dir(relative), name: relative,
			text: text, syntax: syntax, test: strings.HasSuffix(path, "_test.go"),
		})
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// checkLines counts lines that are too long or have too many operators, and returns their places.
func (all tree) checkLines(found map[finding]int) map[finding][]string {
	places := map[finding][]string{}
	note := func(rule string, f file, line int) {
		where := finding{rule, f.folder}
		found[where]++
		places[where] = append(places[where], fmt.Sprintf("\n\t%s:%d", f.name, line))
	}
	for _, f := range all {
		for i, line := range bytes.Split(f.text, []byte("\n")) {
			if utf8.RuneCount(line) > columns {
				note("long-lines", f, i+1)
			}
			if bytes.Count(line, []byte("&&"))+bytes.Count(line, []byte("||")) > operators {
				note("dense-lines", f, i+1)
			}
		}
	}
	return places
}

// checkFolders counts the files of folders, without tests.
func (all tree) checkFolders(found map[finding]int) {
	count := map[string]int{}
	for _, f := range all {
		if !f.test {
			count[f.folder]++
		}
	}
	for folder, n := range count {
		limit := files
		if folder == "pkg/pattern" || strings.HasPrefix(folder, "pkg/pattern/") {
			limit = patternFiles
		}
		if n > limit {
			found[finding{"files", folder}] = n
		}
	}
}

// checkNames counts functions whose name is one word, and names that are defined too often. Apart are tests and what
// they alone use, constructors New, main and init, and methods of interfaces.
func (all tree) checkNames(found map[finding]int, places map[finding][]string) {
	apart := all.interfaceMethods()
	functions, short, defined := map[string]int{}, map[string]int{}, map[string][]string{}
	for _, f := range all {
		if f.test {
			continue
		}
		for _, d := range f.syntax.Decls {
			function, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := function.Name.Name
			method := function.Recv != nil && apart[name]
			if method || slices.Contains([]string{"New", "init", "main"}, name) {
				continue
			}
			functions[f.folder]++
			if isOneWord(name) {
				short[f.folder]++
			}
			defined[name] = append(defined[name], "\n\t"+f.name)
		}
	}
	for folder, n := range short {
		if share := 100 * n / functions[folder]; share > oneWord && functions[folder] >= fewFunctions {
			found[finding{"one-word-percent", folder}] = share
		}
	}
	for name, at := range defined {
		if len(at) > definitions {
			where := finding{"definitions", name}
			found[where], places[where] = len(at), at
		}
	}
}

// interfaceMethods returns the names that interfaces give to methods.
func (all tree) interfaceMethods() map[string]bool {
	names := map[string]bool{}
	for _, name := range standard {
		names[name] = true
	}
	for _, f := range all {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				for _, method := range i.Methods.List {
					for _, name := range method.Names {
						names[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return names
}

// isOneWord reports whether a name has no capital behind its first letter.
func isOneWord(name string) bool {
	return !strings.ContainsFunc(name[1:], unicode.IsUpper)
}

const exceptions = "exceptions.txt"

const head = `# What doesn't keep the limits of house_test.go yet: rule, folder or name, number. A number may only fall.
# go test ./pkg/rigtest/house -update
`

func readExceptions(t *testing.T) map[finding]int {
	t.Helper()
	text, err := os.ReadFile(exceptions)
	require.NoError(t, err)
	all := map[finding]int{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var f finding
		var n int
		_, err := fmt.Sscanf(line, "%s %s %d\n", &f.rule, &f.where, &n)
		require.NoError(t, err, line)
		all[f] = n
	}
	return all
}

// writeExceptions lowers exceptions, and takes out those that aren't needed any more.
func writeExceptions(t *testing.T, excepted, found map[finding]int) {
	t.Helper()
	var lines []string
	for f := range maps.Keys(excepted) {
		excepted[f] = min(excepted[f], found[f])
		if excepted[f] > 0 {
			lines = append(lines, fmt.Sprintf("%s %s %d\n", f.rule, f.where, excepted[f]))
		}
	}
	slices.Sort(lines)
	require.NoError(t, os.WriteFile(exceptions, []byte(head+strings.Join(lines, "")), 0o644))
}

// TestExamples wants a runnable example of each package that others import.
func TestExamples(t *testing.T) {
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	exported, shown := map[string]bool{}, map[string]bool{}
	for _, f := range readTree(t, root) {
		for _, d := range f.syntax.Decls {
			function, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			product := strings.HasPrefix(f.folder, "pkg/") && !strings.HasPrefix(f.folder, "pkg/rigtest")
			exported[f.folder] = exported[f.folder] || product && !f.test && function.Name.IsExported() && isLibrary(f.syntax)
			shown[f.folder] = shown[f.folder] || strings.HasPrefix(function.Name.Name, "Example")
		}
	}
	for folder, exports := range exported {
		if exports && !shown[folder] {
			t.Errorf("%s has no runnable example: write %s/example_test.go", folder, folder)
		}
	}
}

// isLibrary reports whether a package is neither a program nor a kit for tests.
func isLibrary(f *ast.File) bool {
	return f.Name.Name != "main" && !strings.HasSuffix(f.Name.Name, "test")
}

// TestExamplesIndex compares examples/README.md with the titles of all examples; -update rewrites its table.
func TestExamplesIndex(t *testing.T) {
	const begin, end = "| example | what it shows |\n| --- | --- |\n", "<!-- examples:end -->"
	folder := filepath.Join("..", "..", "..", "examples")
	pages, err := filepath.Glob(filepath.Join(folder, "*", "README.md"))
	require.NoError(t, err)
	var table strings.Builder
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		name := filepath.Base(filepath.Dir(page))
		fmt.Fprintf(&table, "| [%s](%s) | %s |\n", name, name, title)
	}
	index := filepath.Join(folder, "README.md")
	text, err := os.ReadFile(index)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "examples/README.md has no table")
	got, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "examples/README.md has no %s", end)
	if *update {
		got = table.String()
		require.NoError(t, os.WriteFile(index, []byte(before+begin+got+end+after), 0o644))
	}
	require.Equal(t, table.String(), got, "go test ./pkg/rigtest/house -update")
}
