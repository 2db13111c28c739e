// Package nearest finds the known name that is most similar to a misspelt one.
package nearest

import "strings"

// Name returns the name that word was most likely meant to be, or "".
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

// isLonger reports whether word is name followed by another word, as in basicAuth for basic.
func isLonger(word, name string) bool {
	rest, ok := strings.CutPrefix(word, name)
	return ok && len(name) > 3 && rest != "" && strings.ContainsAny(rest[:1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
}

// letters removes the characters that separate words.
func letters(s string) string { return strings.NewReplacer("-", "", "_", "", " ", "").Replace(s) }

// distance counts the letters to insert, delete, replace or swap to turn a into b. It
// returns most+1 if they are more than most.
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
