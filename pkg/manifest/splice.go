package manifest

import (
	"slices"
	"strings"
)

// join makes the new text: the old one with the splices. Those at one place keep
// their order, insertions before what is deleted there.
func join(text string, splices []splice) string {
	if len(splices) == 0 {
		return text
	}
	slices.SortStableFunc(splices, func(a, b splice) int { return a.at - b.at })
	size := len(text)
	for _, s := range splices {
		size += len(s.ins) - s.del
	}
	var b strings.Builder
	b.Grow(max(size, 0))
	at := 0
	for _, s := range splices {
		if s.at > at {
			b.WriteString(text[at:s.at])
			at = s.at
		}
		b.WriteString(s.ins)
		at = max(at, s.at+s.del)
	}
	b.WriteString(text[at:])
	return b.String()
}
