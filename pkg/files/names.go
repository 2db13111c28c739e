package files

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// isPlainName reports whether a name can stand in a report as it is: it breaks no line,
// moves no cursor and turns no text around.
func isPlainName(name string) bool {
	if !utf8.ValidString(name) {
		return false
	}
	for _, c := range name {
		if unicode.In(c, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return false
		}
	}
	return true
}

// showName is a name as it is told to people.
func showName(name string) string {
	if isPlainName(name) {
		return name
	}
	return strconv.QuoteToASCII(name)
}
