package config

import (
	"cmp"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A source is where a document was read.
type source struct {
	ref   sidecar.Ref
	file  string
	lines map[string]int // of its fields, by path; nil: a runner has written the text anew
}

// newSource returns the source of a document that was read with r.
func newSource(r *reader, n *yaml.Node, c *Sidecars, file string) *source {
	s := &source{ref: refOf(n), file: file}
	if !r.moved {
		s.lines = r.lines
	} else {
		s.file = cmp.Or(file, fileOf(n))
	}
	if c.flat != nil {
		s.ref.Name = c.Metadata.Name // kpt gives all of them one name
	}
	return s
}

// refOf returns the reference of a document, as its author wrote it. One without a kind is a Sidecars document.
func refOf(n *yaml.Node) sidecar.Ref {
	ref := sidecar.Ref{Kind: cmp.Or(textAt(n, "kind"), Kind), Name: textAt(n, "metadata", "name")}
	if group, _, ok := strings.Cut(textAt(n, "apiVersion"), "/"); ok {
		ref.Group = group
	}
	return ref
}

// textAt returns the scalar at a path of fields, or "".
func textAt(n *yaml.Node, path ...string) string {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < maxDepth; i++ {
		n = n.Alias
	}
	switch {
	case n == nil:
		return ""
	case len(path) > 0:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == path[0] {
				return textAt(n.Content[i+1], path[1:]...)
			}
		}
		return ""
	case n.Kind != yaml.ScalarNode:
		return ""
	}
	return n.Value
}

// fileOf returns the file of a document that a runner passes, or "".
func fileOf(n *yaml.Node) string {
	at := func(key string) string { return textAt(n, "metadata", "annotations", key) }
	//lint:ignore SA1019 kpt writes it as long as there are older functions
	return filepath.ToSlash(cmp.Or(at(kioutil.PathAnnotation), at(kioutil.LegacyPathAnnotation)))
}

// PlaceOf returns the name of the document in the functionConfig of a list, and its file, where the runner tells it.
func PlaceOf(functionConfig *yaml.Node) (sidecar.Ref, string) {
	return refOf(functionConfig), fileOf(functionConfig)
}

// place gives a finding about the document its place: the file and a line, or the file and the name of the document.
func (s *source) place(f *sidecar.Finding) {
	if f.File = s.file; s.lines != nil {
		f.Line = lineIn(s.lines, f.Field)
	} else {
		f.Line = 0
	}
	if f.File == "" || s.lines == nil {
		f.Object = s.ref
	}
}

// Place gives a finding about a field of the document its place in the user's file.
func (s *Sidecars) Place(f *sidecar.Finding) {
	if s.source != nil {
		s.source.place(f)
	} else if s.Metadata.Name != "" {
		f.Object = s.Ref()
	}
}

// Ref returns the reference of the document.
func (s *Sidecars) Ref() sidecar.Ref {
	if s.source != nil {
		return s.source.ref
	}
	return sidecar.Ref{Group: Group, Kind: Kind, Name: s.Metadata.Name}
}
