package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
)

// meant is a hint at the nearest of some words.
func meant(word string, words []string) string {
	if n := nearest.Name(word, words); n != "" {
		return "did you mean " + n
	}
	return ""
}

// quote shows a word that the user wrote, not all of it where it's long.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return strconv.Quote(s)
}

// either lists words as in "a, b or c".
func either(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
