// Package nearest finds the name that somebody meant who wrote another one.
package nearest

import "strings"

// Name is the name that word was most likely meant to be, or "".
func Name(word string, names []string) string {
	for _, n := range names {
		if strings.EqualFold(letters(n), letters(word)) {
			return n
		}
	}
	best, least := "", max(1, min(3, len(word)/3))
	for _, n := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(n), least); d < least || d == least && best == "" &&
			d < len(n) {
			best, least = n, d
		}
	}
	if best != "" {
		return best
	}
	for _, n := range names {
		if len(n) > len(best) && isLonger(word, n) {
			best = n
		}
	}
	return best
}

// isLonger reports whether word is name with another word behind it, as in basicAuth for basic.
func isLonger(word, name string) bool {
	rest, ok := strings.CutPrefix(word, name)
	return ok && len(name) > 3 && rest != "" && strings.ContainsAny(rest[:1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
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
