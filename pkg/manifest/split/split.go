// Package split finds the objects of a YAML text without reading them: their bounds, kinds
// and names. It knows just enough of YAML not to mistake the inside of a string for
// structure. It marks an object as unsure, or refuses the whole text, if only a full YAML
// reader can decide. It uses only the standard library.
package split

import "strings"

// A Document is one document of a stream.
type Document struct {
	Head
	Fields []Field // of the top level, in their order
	Items  []Head  // of the block sequence under the field items
	Column int     // of its dashes
	Odd    bool    // Fields and Items may be wrong, too
}

// A Head is what is known of an object without reading it.
type Head struct {
	// Start and End are the bounds of its lines. A document begins with its marker, a list's
	// member with the line of its dash. Comments in front of the next one belong to this one.
	Start, End int

	APIVersion, Kind, Name, Namespace, GenerateName string

	// Meta has the bounds of the field metadata; {0, 0} if it isn't on lines of its own.
	Meta [2]int

	// Known has the bits of the names given to Split that may be those of fields below
	// metadata, at any depth. The others certainly aren't.
	Known uint64

	// Unsure says that only a full reader can decide: the fields above may be wrong, and a
	// field may exist although a search of the text doesn't find its name.
	Unsure bool
}

// A Field is a field of a document, from the line of its key to that of the next one.
type Field struct {
	Name       string
	Start, End int
}

// Field finds a field by name, or nil.
func (d *Document) Field(name string) *Field {
	for i := range d.Fields {
		if d.Fields[i].Name == name {
			return &d.Fields[i]
		}
	}
	return nil
}

// Split splits a text, which must be valid UTF-8 without NUL. It returns false if the whole
// text must be read: it has line breaks other than LF and CRLF, directives, or a quote
// or bracket that isn't closed.
//
// The result is right for valid YAML. Split doesn't detect all invalid texts.
//
// It looks out for up to 64 known names of fields below metadata, see [Head]. The bit of the
// first one is 1. One that ends in a slash stands for all names that begin with it.
func Split(text string, known ...string) ([]Document, bool) {
	if strings.Contains(text, "\u0085") || strings.Contains(text, "\u2028") || strings.Contains(text, "\u2029") ||
		loneReturn(text) {
		return nil, false // YAML 1.1 breaks lines there
	}
	s := splitter{text: text, known: make(map[string]uint64, len(known))}
	for i, name := range known {
		s.known[name] |= 1 << i
	}
	s.beginDocument(0)
	at := 0
	if strings.HasPrefix(text, "\ufeff") {
		at = len("\ufeff")
	}
	for at < len(text) && !s.refused {
		at = s.takeLine(at)
	}
	s.finishDocument(len(text))
	return s.docs, !s.refused
}

// loneReturn reports whether a CR isn't followed by an LF.
func loneReturn(text string) bool {
	for {
		i := strings.IndexByte(text, '\r')
		if i < 0 {
			return false
		}
		if i+1 == len(text) || text[i+1] != '\n' {
			return true
		}
		text = text[i+2:]
	}
}

type splitter struct {
	text    string
	docs    []Document
	refused bool
	known   map[string]uint64 // the bits of names

	doc     Document
	outer   fields // of the document
	inner   fields // of the current item
	inItems bool   // below the field items
	above   int    // column of the last key or dash without a value on its line
	ended   bool   // by "...": more content needs a marker
}

// beginDocument begins a document.
func (s *splitter) beginDocument(at int) {
	s.doc = Document{Head: Head{Start: at}, Column: -1}
	s.outer = fields{col: -1, meta: -1, from: -1}
	s.inItems, s.above = false, -1
}

// finishDocument ends the document if it has any content.
func (s *splitter) finishDocument(at int) {
	if s.outer.col < 0 && !s.doc.Odd {
		return
	}
	s.leaveItems(at)
	s.closeField(at)
	s.outer.closeMeta(&s.doc.Head, at)
	s.doc.End = at
	s.doc.Unsure = s.doc.Unsure || s.doc.Odd || s.doc.Kind == ""
	s.docs = append(s.docs, s.doc)
}

func (s *splitter) closeField(at int) {
	if n := len(s.doc.Fields); n > 0 {
		s.doc.Fields[n-1].End = at
	}
}

func (s *splitter) leaveItems(at int) {
	if s.inItems {
		s.closeItem(at)
		s.inItems = false
	}
}

func (s *splitter) closeItem(at int) {
	if n := len(s.doc.Items); n > 0 {
		it := &s.doc.Items[n-1]
		s.inner.closeMeta(it, at)
		it.End = at
		it.Unsure = it.Unsure || it.Kind == ""
	}
}

// currentHead returns the head to which the current line belongs.
func (s *splitter) currentHead() (*Head, *fields) {
	if n := len(s.doc.Items); s.inItems && n > 0 {
		return &s.doc.Items[n-1], &s.inner
	}
	return &s.doc.Head, &s.outer
}

func (s *splitter) markUnsure() {
	h, _ := s.currentHead()
	h.Unsure = true
}

// takeLine reads the line at the offset, and the other lines of a scalar or a flow collection
// that begins on it. It returns the offset of the next one.
func (s *splitter) takeLine(at int) int {
	eol, next := s.findLineEnd(at)
	p := at
	for p < eol && s.text[p] == ' ' {
		p++
	}
	if p == eol || s.text[p] == '#' {
		return next
	}
	col := p - at
	if col == 0 {
		switch c := s.text[p]; {
		case c == '%' && s.outer.col < 0:
			s.refused = true // a directive
			return next
		case (c == '-' || c == '.') && isMarker(s.text[p:eol]):
			return s.takeMarker(at, eol, next)
		}
	}
	if s.text[p] == '\t' {
		for p < eol && (s.text[p] == ' ' || s.text[p] == '\t') {
			p++
		}
		if p == eol || s.text[p] == '#' {
			return next
		}
		s.markUnsure()
		s.doc.Odd = s.doc.Odd || !s.inItems
	}
	if s.ended {
		s.refused = true
		return next
	}
	if s.outer.col < 0 {
		s.outer.col = col
	}
	dash := s.text[p] == '-' && (p+1 == eol || isSpace(s.text[p+1]))
	if s.inItems {
		switch {
		case dash && s.doc.Column < 0:
			s.doc.Column = col
			s.beginItem(at)
		case dash && col == s.doc.Column:
			s.beginItem(at)
		case col <= s.outer.col || s.doc.Column < 0:
			s.leaveItems(at)
		}
	}
	return s.takeContent(at, p, eol, next)
}

// takeMarker ends a document at a marker line, and begins the next one with the text behind
// the marker.
func (s *splitter) takeMarker(at, eol, next int) int {
	s.finishDocument(at)
	if s.text[at] == '.' {
		s.beginDocument(next)
		s.ended = true
		return next
	}
	s.beginDocument(at)
	s.ended = false
	p := s.skipBlanks(at+3, eol)
	if p == eol || s.text[p] == '#' {
		return next
	}
	s.doc.Odd = true
	return s.skipValue(p, eol, next, -1)
}

func (s *splitter) beginItem(at int) {
	s.closeItem(at)
	s.doc.Items = append(s.doc.Items, Head{Start: at})
	s.inner = fields{col: -1, meta: -1, from: -1}
}

// takeContent reads the content at p on the line at the offset.
func (s *splitter) takeContent(at, p, eol, next int) int {
	parent := -1
	for n := 0; ; n++ {
		c := s.text[p]
		if c != '-' && c != '?' && c != ':' || p+1 < eol && !isSpace(s.text[p+1]) {
			break
		}
		if c != '-' || n > 0 && s.inItems && s.inner.col < 0 {
			s.markUnsure() // an explicit key, or an item that is a list
		}
		if !s.inItems && p-at == s.outer.col && (c != '-' || len(s.doc.Fields) == 0) {
			s.doc.Odd = true // an explicit key at the top, or a list
		}
		parent = p - at
		p = s.skipBlanks(p+1, eol)
		if p == eol || s.text[p] == '#' {
			s.above = parent
			return next
		}
	}
	name, v, ok := s.readKey(p, eol)
	if !ok {
		h, f := s.currentHead()
		if f.col < 0 || f == &s.outer && parent < 0 && p-at == f.col {
			h.Unsure = true // no mapping
			s.doc.Odd = s.doc.Odd || f == &s.outer
		}
		if f.in && f.meta < 0 {
			h.Unsure = true // metadata in brackets, on a line of its own
		}
		if f.in {
			h.Known = allKnown // names in brackets
		}
		if parent < 0 {
			parent = s.above
		}
		return s.skipValue(p, eol, next, parent)
	}
	col := p - at
	s.above = col
	after := s.skipValue(v, eol, next, col)
	h, f := s.currentHead()
	if f.col < 0 {
		f.col = col
	}
	if f == &s.outer && col == f.col && parent < 0 {
		s.addField(name, at, v, eol)
	}
	if col == f.col {
		f.closeMeta(h, at)
		if name == "metadata" && parent < 0 {
			f.from = at
		}
	}
	s.noteKey(h, f, col, name, v, eol, after != next)
	return after
}

// mostFields is more than any object has at its top level.
const mostFields = 100

// addField adds a field of the document. Its value begins at v.
func (s *splitter) addField(name string, at, v, eol int) {
	s.closeField(at)
	if len(s.doc.Fields) == mostFields || name == "" || name == "<<" || s.doc.Field(name) != nil {
		s.doc.Odd = true
	}
	if s.doc.Odd {
		return // such a document is never used
	}
	s.doc.Fields = append(s.doc.Fields, Field{Name: name, Start: at})
	s.inItems = name == "items" && (v == eol || s.text[v] == '#') && len(s.doc.Items) == 0
}
