package files

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// plain reports whether a name can stand in a report as it is: it breaks no line,
// moves no cursor and turns no text around.
func plain(name string) bool {
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

// shown is a name as it is told to people.
func shown(name string) string {
	if plain(name) {
		return name
	}
	return strconv.QuoteToASCII(name)
}
