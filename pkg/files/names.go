package files

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// isPlainName reports whether a name can be printed as it is: it has no line breaks, no
// control characters, and no characters that reverse the direction of text.
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

// showName returns a name as it is printed.
func showName(name string) string {
	if isPlainName(name) {
		return name
	}
	return strconv.QuoteToASCII(name)
}
