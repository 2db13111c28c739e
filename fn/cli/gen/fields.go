package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

func isPattern(key string) bool { return slices.Contains(config.PatternKeys(), key) }

// writeAllFields documents the fields of the page's pattern, and those below them.
func (p *page) writeAllFields() error {
	doc, err := config.Explain(p.key)
	if err != nil {
		return err
	}
	p.add("\n## Fields\n")
	if len(doc.Fields) == 0 {
		p.add("It has no fields of its own.")
		return nil
	}
	if err := p.writeTable(p.key, doc.Fields); err != nil {
		return err
	}
	return p.writeSections(p.key, doc.Fields)
}

// writeSections documents the fields of objects, each type once: a heading, and a table.
func (p *page) writeSections(path string, fields []config.FieldDoc) error {
	for _, f := range fields {
		at := path + "." + f.Name
		doc, err := config.Explain(at)
		if err != nil {
			return err
		}
		if p.sectionOf(doc) != headingOf(at) || isAPIType(doc.Title) || len(doc.Fields) == 0 {
			continue
		}
		p.add("\n### %s\n", headingOf(at))
		if doc.About != "" {
			p.add("%s\n", markUp(strings.ReplaceAll(doc.About, "\n", "\n\n")))
		}
		if err := p.writeTable(at, doc.Fields); err != nil {
			return err
		}
		if err := p.writeSections(at, doc.Fields); err != nil {
			return err
		}
	}
	return nil
}

// headingOf returns the heading of a field's section: its path below the pattern, or below the spec.
func headingOf(path string) string {
	_, below, _ := strings.Cut(path, ".")
	return below
}

// sectionOf returns the heading of a type: that of the field that has it first.
func (p *page) sectionOf(doc *config.Doc) string {
	if p.sections == nil {
		p.sections = map[string]string{}
	}
	if _, ok := p.sections[doc.Title]; !ok {
		p.sections[doc.Title] = headingOf(doc.Path)
	}
	return p.sections[doc.Title]
}

// writeTable writes one row for each field.
func (p *page) writeTable(path string, fields []config.FieldDoc) error {
	p.add("| field | type | default | meaning |\n| --- | --- | --- | --- |")
	for _, f := range fields {
		doc, err := config.Explain(path + "." + f.Name)
		if err != nil {
			return err
		}
		meaning, standard := cutDefault(f.Text)
		if f.Required {
			standard = "**required**"
			meaning = strings.TrimSuffix(meaning, " Required.")
		}
		p.add("| `%s` | %s | %s | %s |", f.Name, p.showType(path, doc), standard, escapeCell(markUp(meaning)))
	}
	return nil
}

// showType names a type, with a link to its fields.
func (p *page) showType(path string, doc *config.Doc) string {
	switch {
	case path == "spec" && headingOf(doc.Path) == "patterns":
		return "[list of entries](#what-all-patterns-have)"
	case isAPIType(doc.Title):
		return strings.Replace(strings.Replace(doc.Type, "objects", "object", 1), "object", doc.Title, 1)
	case doc.Title != "" && len(doc.Fields) > 0:
		return fmt.Sprintf("[%s](#%s)", doc.Type, anchorOf(p.sectionOf(doc)))
	}
	return escapeCell(doc.Type)
}

var apiType = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\w+ \(\w+/v\w+\)$`) })

// isAPIType reports whether a type is one of the Kubernetes API, whose own reference has its fields.
func isAPIType(title string) bool { return apiType().MatchString(title) }

// anchorOf returns the anchor that renderers of Markdown give to a heading.
func anchorOf(heading string) string {
	return strings.ReplaceAll(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, heading), " ", "-")
}

// cutDefault takes the sentence about the default out of a description.
func cutDefault(text string) (meaning, standard string) {
	start := strings.Index(text, "Default: ")
	if start < 0 {
		return text, ""
	}
	rest := text[start+len("Default: "):]
	end := len(rest)
	for i := 0; i+2 < len(rest); i++ {
		if rest[i:i+2] == ". " && unicode.IsUpper(rune(rest[i+2])) || rest[i] == '\n' {
			end = i + 1
			break
		}
	}
	standard = strings.TrimSuffix(strings.TrimSpace(rest[:end]), ".")
	if !strings.Contains(standard, " ") {
		standard = "`" + standard + "`"
	} else {
		standard = escapeCell(markUp(standard))
	}
	return strings.TrimSpace(text[:start] + strings.TrimSpace(rest[end:])), standard
}

var (
	// names are words that stand for fields, such as secretName and ca.crt.
	names = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(^|[ (])(/?[a-z]+[A-Z][\w.:]*\w|/[a-z][\w/.-]*\w|\w+\.(?:crt|key|yaml|json|conf))` +
			`([ ,.:;)]|$)`)
	})
	marks = strings.NewReplacer("<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`)
)

// markUp writes a description in Markdown: the names of fields and files as code.
func markUp(text string) string {
	var b strings.Builder
	for text != "" {
		m := names().FindStringSubmatchIndex(text)
		if m == nil {
			break
		}
		b.WriteString(marks.Replace(text[:m[4]]))
		if word := text[m[4]:m[5]]; word == "gRPC" || word == "mTLS" {
			b.WriteString(word)
		} else {
			b.WriteString("`" + word + "`")
		}
		text = text[m[5]:]
	}
	return b.String() + marks.Replace(text)
}

// escapeCell makes a text fit into a cell of a table.
func escapeCell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", "<br>").Replace(text)
}

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
