package positioned

import (
	"encoding/json"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// jsonReader reads JSON that is also YAML, apart from what only JSON has: several values
// one behind another, and characters that are escaped as two halves. It gives up on the
// rest.
type jsonReader struct {
	fastReader
	p int
}

// ReadJSON reads the JSON values between two offsets.
func ReadJSON(l *Lines, from, to int) (all []*Node, ok bool) {
	r := jsonReader{fastReader: fastReader{Lines: l, Arena: new(Arena), to: to, at: from}, p: from}
	for r.skipSpace(); !r.no && r.p < to; r.skipSpace() {
		if c := l.Text[r.p]; c != '{' && c != '[' {
			return nil, false
		}
		all = append(all, r.readJSON())
	}
	return all, !r.no && len(all) > 0
}

// readLoneValue reads a document that is one JSON value. A marker may stand in front of it.
func readLoneValue(l *Lines, from, to int) (*Node, bool) {
	if strings.HasPrefix(l.Text[from:to], "---") {
		line, _, _ := strings.Cut(l.Text[from:to], "\n")
		if strings.TrimRight(line, " \r") != "---" {
			return nil, false
		}
		from = min(from+len(line)+1, to)
	}
	if all, ok := ReadJSON(l, from, to); ok && len(all) == 1 {
		return all[0], true
	}
	return nil, false
}

func (r *jsonReader) skipSpace() {
	for ; r.p < r.to; r.p++ {
		switch r.Text[r.p] {
		case ' ', '\t', '\n':
		case '\r':
			if r.p+1 == r.to || r.Text[r.p+1] != '\n' {
				r.no = true
			}
		default:
			return
		}
	}
}

func (r *jsonReader) readJSON() *Node {
	r.skipSpace()
	if r.no || r.p >= r.to {
		return r.giveUp()
	}
	switch r.Text[r.p] {
	case '{', '[':
		return r.readCollection()
	case '"':
		return r.readString()
	}
	n := r.newNode(Scalar, r.p)
	for r.p < r.to && strings.IndexByte(" \t\r\n,]}", r.Text[r.p]) < 0 {
		r.p++
	}
	n.End, n.Value = r.p, r.Text[n.Start:r.p]
	if !json.Valid([]byte(n.Value)) {
		return r.giveUp()
	}
	if n.Tag = tagOf(n.Value); n.Tag == TagString { // YAML has another opinion of this number
		return r.giveUp()
	}
	return n
}

func (r *jsonReader) readCollection() *Node {
	if r.depth++; r.depth > maxDepth/2 {
		return r.giveUp()
	}
	defer func() { r.depth-- }()
	n := r.newNode(Sequence, r.p)
	n.Flow, n.Style, n.Tag = true, yaml.FlowStyle, TagSeq
	shut := byte(']')
	if r.Text[r.p] == '{' {
		n.Kind, n.Tag, shut = Mapping, TagMap, '}'
	}
	for first := true; !r.no; first = false {
		r.p++ // a bracket or a comma
		if r.skipSpace(); r.p < r.to && r.Text[r.p] == shut && first {
			break
		}
		if n.Kind == Mapping {
			n.Keys = append(n.Keys, r.readKey())
		}
		n.Values = append(n.Values, r.readJSON())
		if r.skipSpace(); r.no || r.p >= r.to {
			return r.giveUp()
		}
		if c := r.Text[r.p]; c == shut {
			break
		} else if c != ',' {
			return r.giveUp()
		}
	}
	r.p++
	n.End = r.p
	return n
}

// readKey reads a key and its colon.
func (r *jsonReader) readKey() *Node {
	if r.no || r.p >= r.to || r.Text[r.p] != '"' {
		return r.giveUp()
	}
	k := r.readString()
	for r.p < r.to && r.Text[r.p] == ' ' {
		r.p++
	}
	if r.no || r.p >= r.to || r.Text[r.p] != ':' || r.p-k.Start > longestKey {
		return r.giveUp()
	}
	r.p++
	return k
}

func (r *jsonReader) readString() *Node {
	n := r.newNode(Scalar, r.p)
	n.Style, n.Tag = yaml.DoubleQuotedStyle, TagString
	escaped := false
	for r.p++; r.p < r.to && r.Text[r.p] != '"'; r.p++ {
		switch c := r.Text[r.p]; {
		case c < ' ':
			return r.giveUp()
		case c == '\\':
			escaped = true
			r.p++
		}
	}
	if r.p++; r.p > r.to || !hasPlainBytes(r.Text[n.Start:r.p]) {
		return r.giveUp()
	}
	if n.End, n.Value = r.p, r.Text[n.Start+1:r.p-1]; escaped {
		r.eol = r.p
		if n.End, n.Value = r.readDoubleQuoted(n.Start); n.End != r.p {
			return r.giveUp()
		}
	}
	return n
}
