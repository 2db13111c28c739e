package generate

import "strings"

// A file is how a text is stored.
type file struct {
	bom, crlf bool
	open      bool // the last line has no end
	tail      string
}

func (r random) file(documents bool) file {
	f := file{bom: r.one(20), crlf: r.one(8), open: r.one(10), tail: pick(r, "", "", "", "", "\n", "# end\n", "\n\n# end\n\n")}
	if documents && r.one(4) {
		f.tail = pick(r, "---\n", "...\n", "---\n# end\n")
	}
	return f
}

// end finishes the text.
func (f file) end(text string) string {
	text += f.tail
	if f.open {
		text = strings.TrimSuffix(text, "\n")
	}
	if f.bom {
		text = "\ufeff" + text
	}
	return f.breaks(text)
}

func (f file) breaks(text string) string {
	if f.crlf {
		return strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}
