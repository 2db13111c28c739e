package config

import (
	"slices"
	"strconv"
	"strings"
)

// nearest is the name that word was most likely meant to be, or "".
func nearest(word string, names []string) string {
	for _, n := range names {
		if strings.EqualFold(letters(n), letters(word)) {
			return n
		}
	}
	best, least := "", max(1, min(3, len(word)/3))
	for _, n := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(n), least); d < least || d == least && best == "" && d < len(n) {
			best, least = n, d
		}
	}
	return best
}

// meant is a hint at the nearest of some words.
func meant(word string, words []string) string {
	if n := nearest(word, words); n != "" {
		return "did you mean " + n
	}
	return ""
}

// letters leaves out what people put between words.
func letters(s string) string { return strings.NewReplacer("-", "", "_", "", " ", "").Replace(s) }

// distance counts the letters to insert, delete, replace or swap to make a into
// b; where they're more than most, it's most+1.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most || len(a) > 100 {
		return most + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], most+1)
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
