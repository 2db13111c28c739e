package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
)

// suggestWord returns a hint at the nearest of some words.
func suggestWord(word string, words []string) string {
	if n := nearest.Name(word, words); n != "" {
		return "did you mean " + n
	}
	return ""
}

// quoteWord quotes a word that the user wrote, and shortens a long one.
func quoteWord(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return strconv.Quote(s)
}

// joinOr lists words as in "a, b or c".
func joinOr(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
