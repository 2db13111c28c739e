package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/pattern/exporter"
)

// source holds the parts of types that reflection can't see: comments and constants.
type source struct {
	comments map[string]string   // of "package.Type" and "package.Type.Field"
	like     map[string]string   // of "package.Type": the struct whose fields it has
	consts   map[string][]string // of "package.Type": its constants that are strings
	closed   map[string]bool     // of "package.Type": it can have no other values
}

// ours are the packages of this module.
const ours = "github.com/outrigger-dev/outrigger/"

// readSource reads the packages of types.
func readSource(root string, types []reflect.Type) (*source, error) {
	packages := map[string]bool{ours + "pkg/sidecar": true} // Custom has its fields
	for _, t := range types {
		packages[t.PkgPath()] = true
	}
	args := []string{"list", "-f", "{{.ImportPath}} {{.Dir}}"}
	for p := range packages {
		args = append(args, p)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	s := &source{map[string]string{}, map[string]string{}, map[string][]string{}, map[string]bool{}}
	for line := range strings.Lines(string(out)) {
		pkg, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			generated := strings.HasSuffix(name, ".pb.go") || strings.HasPrefix(filepath.Base(name), "zz_")
			if generated || strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			s.readFile(pkg, f)
		}
	}
	return s, nil
}

func (s *source) readFile(pkg string, f *ast.File) {
	imports := map[string]string{}
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value) // the parser has done so
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = p
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.readType(pkg+"."+spec.Name.Name, spec, g.Doc, imports)
			case *ast.ValueSpec:
				if g.Tok == token.CONST {
					s.readConstant(pkg, spec)
				}
			}
		}
	}
}

func (s *source) readType(key string, spec *ast.TypeSpec, doc *ast.CommentGroup, imports map[string]string) {
	if spec.Doc != nil {
		doc = spec.Doc
	}
	s.comments[key] = joinParagraphs(doc)
	s.closed[key] = strings.HasPrefix(key, ours) || doc != nil && strings.Contains(doc.Text()+"\n", "+enum\n")
	switch t := spec.Type.(type) {
	case *ast.SelectorExpr:
		if pkg, ok := t.X.(*ast.Ident); ok {
			s.like[key] = imports[pkg.Name] + "." + t.Sel.Name
		}
	case *ast.StructType:
		for _, f := range t.Fields.List {
			for _, name := range f.Names {
				s.comments[key+"."+name.Name] = joinParagraphs(f.Doc)
			}
		}
	}
}

func (s *source) readConstant(pkg string, spec *ast.ValueSpec) {
	t, ok := spec.Type.(*ast.Ident)
	if !ok {
		return
	}
	for i, v := range spec.Values {
		lit, ok := v.(*ast.BasicLit)
		if ok && lit.Kind == token.STRING && !strings.HasSuffix(spec.Names[i].Name, "Unknown") {
			value, _ := strconv.Unquote(lit.Value) // the parser has done so
			s.consts[pkg+"."+t.Name] = append(s.consts[pkg+"."+t.Name], value)
		}
	}
}

// enumOf returns the values of a type of strings that can have no others, or nil.
func (s *source) enumOf(t reflect.Type) []string {
	key := t.PkgPath() + "." + t.Name()
	if !s.closed[key] {
		return nil
	}
	return s.consts[key]
}

// catalogues are lists that comments name by the file that has them.
var catalogues = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer(
		"one of the presets in presets.json", strings.Join(exporter.PresetNames(), ", "),
		"those with a config in presets.json", strings.Join(exporter.ConfiguredPresetNames(), ", "))
})

// commentOf returns the comment of a type, or of a field of it.
func (s *source) commentOf(t reflect.Type, field string) string {
	return catalogues().Replace(s.rawComment(t, field))
}

func (s *source) rawComment(t reflect.Type, field string) string {
	key := t.PkgPath() + "." + t.Name()
	if field == "" {
		return s.comments[key]
	}
	if like := s.like[key]; like != "" {
		key = like
	}
	return s.comments[key+"."+field]
}

// joinParagraphs writes a comment with one line for each paragraph, without directives for tools.
func joinParagraphs(doc *ast.CommentGroup) string {
	var paragraphs []string
	for p := range strings.SplitSeq(doc.Text(), "\n\n") {
		var lines []string
		for line := range strings.Lines(p) {
			line = strings.TrimSpace(line)
			if line == "---" {
				return strings.Join(append(paragraphs, strings.Join(lines, " ")), "\n")
			}
			if line != "" && line[0] != '+' && !strings.HasPrefix(line, "TODO") {
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 {
			paragraphs = append(paragraphs, strings.Join(lines, " "))
		}
	}
	return strings.Join(paragraphs, "\n")
}
