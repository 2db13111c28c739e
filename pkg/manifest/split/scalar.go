package split

import "strings"

// findLineEnd returns the end of the line at the offset, without its line break and a CR,
// and the start of the next one.
func (s *splitter) findLineEnd(at int) (eol, next int) {
	i := strings.IndexByte(s.text[at:], '\n')
	if i < 0 {
		return len(s.text), len(s.text)
	}
	eol, next = at+i, at+i+1
	if eol > at && s.text[eol-1] == '\r' {
		eol--
	}
	return eol, next
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// skipBlanks skips blanks.
func (s *splitter) skipBlanks(p, eol int) int {
	for p < eol && isSpace(s.text[p]) {
		p++
	}
	return p
}

// isMarker reports whether a line is a document marker.
func isMarker(line string) bool {
	if !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "...") {
		return false
	}
	return len(line) == 3 || isSpace(line[3]) || line[3] == '\r'
}

// readKey reads the key at p, if there is one, and finds the start of its value. The name is
// "" if it isn't a plain scalar.
func (s *splitter) readKey(p, eol int) (name string, value int, ok bool) {
	switch c := s.text[p]; c {
	case '"', '\'':
		end := s.quotedEnd(p)
		if end < 0 || end > eol {
			return "", 0, false
		}
		colon := s.skipBlanks(end, eol)
		if !s.isColon(colon, eol) {
			return "", 0, false
		}
		name = s.text[p+1 : end-1]
		if strings.IndexByte(name, '\\') >= 0 || c == '\'' && strings.IndexByte(name, '\'') >= 0 {
			s.markUnsure()
			name = ""
		}
		return name, s.skipBlanks(colon+1, eol), true
	case '{', '[', '|', '>', '#':
		return "", 0, false
	}
	for i := p; ; i++ {
		n := strings.IndexByte(s.text[i:eol], ':')
		if n < 0 {
			return "", 0, false
		}
		i += n
		if s.isColon(i, eol) {
			name = strings.TrimRight(s.text[p:i], " \t")
			if c := strings.IndexByte(name, '#'); c > 0 && isSpace(name[c-1]) {
				return "", 0, false // in a comment
			}
			if strings.IndexByte("&!*%@`", s.text[p]) >= 0 {
				s.markUnsure()
				name = ""
			}
			return name, s.skipBlanks(i+1, eol), true
		}
	}
}

// isColon reports whether there is a colon at p that ends a key.
func (s *splitter) isColon(p, eol int) bool {
	return p < eol && s.text[p] == ':' && (p+1 == eol || isSpace(s.text[p+1]))
}

// skipValue skips the value at p of a key or dash in the column parent. It returns the line
// behind it.
func (s *splitter) skipValue(p, eol, next, parent int) int {
	for p < eol {
		switch s.text[p] {
		case '#':
			return next
		case '|', '>':
			return s.skipDeeper(next, parent, false)
		case '&', '!':
			s.markUnsure()
			for p < eol && !isSpace(s.text[p]) {
				p++
			}
			p = s.skipBlanks(p, eol)
			continue
		case '"', '\'', '{', '[':
			var end int
			if c := s.text[p]; c == '{' || c == '[' {
				end = s.flowEnd(p)
			} else {
				end = s.quotedEnd(p)
			}
			if end < 0 {
				s.refused = true
				return len(s.text)
			}
			if end > eol {
				eol, next = s.findLineEnd(end)
			}
			if rest := s.skipBlanks(end, eol); rest < eol && s.text[rest] != '#' { // a key of that form, or an error
				s.markUnsure()
				if s.isColon(rest, eol) {
					p = s.skipBlanks(rest+1, eol)
					continue
				}
			}
			return next
		case '*':
			s.markUnsure()
		}
		return s.skipPlain(p, eol, next, parent)
	}
	return next
}

// skipPlain skips the further lines of a plain scalar: they're deeper than its key. A comment
// ends it.
func (s *splitter) skipPlain(p, eol, next, parent int) int {
	if next >= len(s.text) || !s.goesOn(next, parent) {
		return next
	}
	for i := p + 1; i < eol; i++ {
		if s.text[i] == '#' && isSpace(s.text[i-1]) {
			return next
		}
	}
	return s.skipDeeper(next, parent, true)
}

// goesOn reports whether the line at the offset is empty or deeper than parent.
func (s *splitter) goesOn(at, parent int) bool {
	i := at
	for i < len(s.text) && s.text[i] == ' ' {
		i++
	}
	return i-at > parent || i == len(s.text) || s.text[i] == '\n' || s.text[i] == '\r' || s.text[i] == '\t'
}

// skipDeeper skips lines that are blank or deeper than parent. With plain, a comment also
// ends them. It returns the line behind.
func (s *splitter) skipDeeper(at, parent int, plain bool) int {
	last := at // behind the last line that isn't blank
	for at < len(s.text) {
		eol, next := s.findLineEnd(at)
		p := at
		for p < eol && s.text[p] == ' ' {
			p++
		}
		if p < eol {
			col := p - at
			if tab := s.skipBlanks(p, eol); plain || col <= parent {
				if p = tab; p == eol { // blank for a plain scalar, or the end of one
					at = next
					continue
				}
			}
			if col <= parent || plain && s.text[p] == '#' {
				return last
			}
			if parent < 0 && col == 0 && isMarker(s.text[p:eol]) {
				return last
			}
			last = next
			if plain {
				for i := p + 1; i < eol; i++ {
					if s.text[i] == '#' && isSpace(s.text[i-1]) {
						return next
					}
				}
			}
		}
		at = next
	}
	return last
}

// quotedEnd returns the offset behind the quote that ends the string at p, or -1.
func (s *splitter) quotedEnd(p int) int {
	q := s.text[p]
	for at := p + 1; ; {
		i := strings.IndexByte(s.text[at:], q)
		if i < 0 {
			return -1
		}
		end := at + i
		if q == '\'' {
			if end+1 < len(s.text) && s.text[end+1] == q {
				at = end + 2
				continue
			}
			return end + 1
		}
		n := 0
		for s.text[end-1-n] == '\\' {
			n++
		}
		if n%2 == 0 {
			return end + 1
		}
		at = end + 1
	}
}

// flowEnd returns the offset behind the bracket that ends the flow collection at p, or -1.
func (s *splitter) flowEnd(p int) int {
	depth := 0
	for p < len(s.text) {
		switch c := s.text[p]; c {
		case '[', '{':
			depth++
			p++
		case ']', '}':
			depth--
			p++
			if depth == 0 {
				return p
			}
		case ' ', '\t', '\r', '\n', ',', ':':
			p++
		case '#':
			if !isSpace(s.text[p-1]) && s.text[p-1] != '\n' {
				s.markUnsure()
			}
			p, _ = s.findLineEnd(p)
		case '"', '\'':
			end := s.quotedEnd(p)
			if end < 0 {
				return -1
			}
			if strings.IndexByte(s.text[p:end], '\\') >= 0 {
				s.markUnsure()
			}
			p = end
		default:
			if c == '&' || c == '*' || c == '!' || c == '?' || c == '<' {
				s.markUnsure()
			}
			p = s.flowPlainEnd(p)
		}
	}
	return -1
}

// flowPlainEnd returns the offset behind the plain scalar at p between brackets.
func (s *splitter) flowPlainEnd(p int) int {
	for p++; p < len(s.text); p++ {
		switch s.text[p] {
		case ',', '[', ']', '{', '}':
			return p
		case ':':
			if p+1 == len(s.text) || strings.IndexByte(" \t\r\n", s.text[p+1]) >= 0 {
				return p
			}
		case '#':
			if isSpace(s.text[p-1]) || s.text[p-1] == '\n' {
				return p
			}
		}
	}
	return p
}
