package generate

import "strings"

// A file is how a text is stored.
type file struct {
	bom, crlf bool
	open      bool // the last line has no end
	tail      string
}

func (r random) drawFile(documents bool) file {
	f := file{
		bom:  r.one(20),
		crlf: r.one(8),
		open: r.one(10),
		tail: pick(r, "", "", "", "", "\n", "# end\n", "\n\n# end\n\n"),
	}
	if documents && r.one(4) {
		f.tail = pick(r, "---\n", "...\n", "---\n# end\n")
	}
	return f
}

// addEnd finishes the text.
func (f file) addEnd(text string) string {
	text += f.tail
	if f.open {
		text = strings.TrimSuffix(text, "\n")
	}
	if f.bom {
		text = "\ufeff" + text
	}
	return f.setBreaks(text)
}

func (f file) setBreaks(text string) string {
	if f.crlf {
		return strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}
