package positioned

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// CheckLegible refuses a text that can't be YAML, or that kubectl would cut into
// documents in another way than a reader of YAML does.
func (l *Lines) CheckLegible() error {
	if i := strings.IndexByte(l.Text, 0); i >= 0 {
		return fmt.Errorf("line %d: holds a NUL byte; this is no YAML", l.LineNumber(i))
	}
	if i := findInvalid(l.Text); i >= 0 {
		return fmt.Errorf("line %d: isn't valid UTF-8; save the file in that encoding", l.LineNumber(i))
	}
	if i := l.findLateMark(); i >= 0 {
		return fmt.Errorf("line %d: begins with a byte order mark, which may only stand at the top of a file; take it out",
			l.LineNumber(i))
	}
	for at := 0; ; {
		if !strings.HasPrefix(l.Text[at:], "---") {
			i := strings.Index(l.Text[at:], "\n---")
			if i < 0 {
				return nil
			}
			at += i + 1
		}
		at += len("---")
		line, _, _ := strings.Cut(l.Text[at:], "\n")
		if cutsDocument(line) && !IsMarker("---"+line) {
			return fmt.Errorf("line %d: kubectl takes this line for a document marker, and others don't; write --- alone",
				l.LineNumber(at))
		}
	}
}

// cutsDocument reports whether kubectl begins a document after a line of three dashes and this.
func cutsDocument(rest string) bool {
	rest = strings.TrimSpace(rest)
	return rest == "" || rest[0] == '#'
}

// findInvalid is where a text is no UTF-8, or -1.
func findInvalid(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i, r := range text {
		if _, n := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && n == 1 {
			return i
		}
	}
	return -1
}

// findLateMark is where a line other than the first begins with a byte order mark, or -1.
// One reader drops it, another takes it for a part of the word behind it.
func (l *Lines) findLateMark() int {
	for at := len(BOM); at < len(l.Text); at++ {
		i := strings.Index(l.Text[at:], BOM)
		if i < 0 {
			return -1
		}
		if at += i; breakBefore(l.Text, at) > 0 {
			return at
		}
	}
	return -1
}
