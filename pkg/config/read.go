package config

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/directive"
	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Read reads a config file: one YAML or JSON document. If it has mistakes, the config is nil and the findings are all
// mistakes, by line. Fields that the user left out have their defaults. Findings never contain a value that may be a
// secret.
func Read(text []byte, file string) (*Sidecars, sidecar.Findings) {
	docs, finding := parseDocuments(text)
	if finding == nil && len(docs) > 1 {
		finding = &sidecar.Finding{Severity: sidecar.Error, Code: "several-documents", Line: docs[1].Content[0].Line,
			Message: "a second document begins here", Hint: "put all patterns into the list of one document"}
	}
	if finding != nil {
		finding.File = filepath.ToSlash(file)
		return nil, sidecar.Findings{*finding}
	}
	if len(docs) == 0 {
		return ReadNode(nil, file)
	}
	return ReadNode(docs[0], file)
}

// ReadAll reads the documents of a config file, one or more. With pick it reads Sidecars
// documents only, and passes over all others; there may be none then.
func ReadAll(text []byte, file string, pick bool) ([]*Sidecars, sidecar.Findings) {
	docs, finding := parseDocuments(text)
	if finding != nil {
		finding.File = filepath.ToSlash(file)
		return nil, sidecar.Findings{*finding}
	}
	var all []*Sidecars
	var fs sidecar.Findings
	for _, doc := range docs {
		if pick && !isSidecars(doc.Content[0]) {
			continue
		}
		c, more := ReadNode(doc, file)
		fs = append(fs, more...)
		all = append(all, c)
	}
	if len(all) == 0 && !pick {
		_, fs = ReadNode(nil, file)
	}
	if fs.Failed() {
		return nil, fs
	}
	return all, fs
}

// isSidecars reports whether a node is a Sidecars document, of any version.
func isSidecars(n *yaml.Node) bool {
	r := newReader(n)
	return strings.HasPrefix(r.readText(n, "apiVersion"), Group+"/") && r.readText(n, "kind") == Kind
}

// ReadFunctionConfig reads the document in the functionConfig of a ResourceList. The runner has written it anew, so
// findings have no lines. They name the document, and its file where the runner tells it.
func ReadFunctionConfig(n *yaml.Node) (*Sidecars, sidecar.Findings) { return readNode(n, "", true) }

// ReadCopy reads the copy of a document that a runner has written for a function. Its lines aren't those of the user.
func ReadCopy(text []byte) (*Sidecars, sidecar.Findings) {
	docs, finding := parseDocuments(text)
	switch {
	case finding != nil:
		finding.Line = 0
		return nil, sidecar.Findings{*finding}
	case len(docs) == 0:
		return ReadFunctionConfig(nil)
	}
	return ReadFunctionConfig(docs[0])
}

// ReadNode reads a config inside a larger text. Lines are those of the node; nil means a missing config.
func ReadNode(n *yaml.Node, file string) (*Sidecars, sidecar.Findings) {
	return readNode(n, file, false)
}

func readNode(n *yaml.Node, file string, moved bool) (*Sidecars, sidecar.Findings) {
	if n != nil && n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	if n == nil || isNull(n) {
		return nil, sidecar.Findings{{Severity: sidecar.Error, Code: "missing-config", File: filepath.ToSlash(file),
			Message: "there is no config", Hint: "write a document with apiVersion " + APIVersion + " and kind " + Kind}}
	}
	r := newReader(n)
	r.moved = moved
	c := r.readDocument(n)
	c.source = newSource(r, n, c, filepath.ToSlash(file))
	fs := r.sortFindings(c.source)
	if fs.Failed() {
		return nil, fs
	}
	return c, fs
}

// readDocument reads a document of either kind.
func (r *reader) readDocument(n *yaml.Node) *Sidecars {
	for i := 0; n.Kind == yaml.AliasNode && i < maxDepth; i++ {
		n = n.Alias
	}
	r.lines[""] = n.Line
	api, kind := r.readText(n, "apiVersion"), r.readText(n, "kind")
	if api == "v1" && kind == "ConfigMap" {
		return r.readConfigMap(n)
	}
	c := &Sidecars{}
	related := strings.HasPrefix(api, "outrigger.dev/") || api == "" || nearest.Name(kind, []string{Kind}) != ""
	if n.Kind == yaml.MappingNode && !related {
		r.checkKind(api, kind)
		return c
	}
	r.readValue(n, reflect.ValueOf(c).Elem(), "")
	r.checkKind(c.APIVersion, c.Kind)
	c.Spec.setDefaults()
	r.checkDocumentName(c.Metadata.Name)
	r.checkSpec(&c.Spec)
	return c
}

// checkKind reports a document with another apiVersion or kind.
func (r *reader) checkKind(api, kind string) {
	if api != "" && api != APIVersion {
		r.addFinding(r.lineOfField("apiVersion"), "apiVersion", "bad-value", quoteWord(api)+" isn't "+APIVersion, "")
	}
	if kind != "" && kind != Kind {
		r.addFinding(
			r.lineOfField("kind"),
			"kind",
			"bad-value",
			quoteWord(kind)+" isn't "+Kind,
			suggestWord(kind, []string{Kind}),
		)
	}
}

// readText returns the value of a mapping's field, if it's a scalar, or "".
func (r *reader) readText(n *yaml.Node, name string) string {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if v := n.Content[i+1]; n.Content[i].Value == name && v.Kind == yaml.ScalarNode {
			r.lines[name] = n.Content[i].Line
			return v.Value
		}
	}
	return ""
}

// sortFindings returns the findings by line, with their places.
func (r *reader) sortFindings(from *source) sidecar.Findings {
	slices.SortStableFunc(r.findings, func(a, b sidecar.Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field))
	})
	for i := range r.findings {
		f := &r.findings[i]
		if f.File = from.file; r.moved {
			from.place(f)
		}
	}
	return r.findings
}

// parseDocuments reads the documents of a text that have content.
func parseDocuments(text []byte) (docs []*yaml.Node, finding *sidecar.Finding) {
	defer func() {
		if p := recover(); p != nil { // the YAML reader has panics of its own
			docs, finding = nil, syntaxError(text, errors.New("the text isn't YAML"))
		}
	}()
	for d := yaml.NewDecoder(strings.NewReader(directive.LowerVersions(string(text)))); ; {
		var next yaml.Node
		switch err := d.Decode(&next); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, syntaxError(text, err)
		case len(next.Content) == 0 || isNull(next.Content[0]): // "---" and nothing after it
		default:
			docs = append(docs, &next)
		}
	}
}

// syntaxError returns a finding for an error of the YAML reader, which doesn't always have a line.
func syntaxError(text []byte, err error) *sidecar.Finding {
	m := regexp.MustCompile(`^yaml: (?:line (\d+): )?`).FindStringSubmatch(err.Error())
	f := &sidecar.Finding{Severity: sidecar.Error, Code: "yaml-syntax", Line: 1, Message: err.Error()}
	if m != nil {
		f.Message = strings.TrimPrefix(f.Message, m[0])
	}
	if directive.RefusesVersion(f.Message) {
		f.Line, f.Message = lineAtOffset(text, bytes.Index(text, []byte("%YAML"))), directive.OtherVersion
		return f
	}
	switch anchor := regexp.MustCompile(`unknown anchor '(.+)' referenced`).FindStringSubmatch(f.Message); {
	case m != nil && m[1] != "":
		f.Line, _ = strconv.Atoi(m[1])
	case anchor != nil:
		f.Line = lineAtOffset(text, bytes.Index(text, []byte("*"+anchor[1])))
	case strings.Contains(f.Message, "control characters"):
		f.Line = lineAtOffset(text, bytes.IndexFunc(text, func(r rune) bool {
			return r < ' ' && r != '\n' && r != '\r' && r != '\t'
		}))
	case !utf8.Valid(text):
		f.Line = lineAtOffset(text, bytes.IndexRune(text, utf8.RuneError))
	}
	if strings.Contains(f.Message, "cannot start any token") {
		f.Hint = "indent with spaces, and quote what begins with a special character"
	}
	return f
}

// lineAtOffset returns the line of an offset in a text.
func lineAtOffset(text []byte, offset int) int {
	return 1 + bytes.Count(text[:max(offset, 0)], []byte("\n"))
}
