package oracle

import (
	"fmt"
	"regexp"
	"strings"
)

// index is a position in a list: it changes when something is put before it.
var index = regexp.MustCompile(`\[\d+\]`)

// Worse is what the API server has against manifests after a run of outrigger and
// hadn't before: errors and warnings, each with its object. Where the input is
// accepted, that is everything: its output must be accepted, too.
func Worse(before, after []Verdict) []string {
	known := map[string]int{}
	for _, v := range before {
		for _, found := range v.findings() {
			known[v.Object+index.ReplaceAllString(found, "[]")]++
		}
	}
	var worse []string
	for _, v := range after {
		for _, found := range v.findings() {
			key := v.Object + index.ReplaceAllString(found, "[]")
			if known[key]--; known[key] < 0 {
				worse = append(worse, fmt.Sprintf("%s: %s", v.Object, found))
			}
		}
	}
	return worse
}

func (v Verdict) findings() []string {
	var all []string
	for _, e := range v.Errors {
		// Of several such fields the typed form tells one, whichever comes first in a Go
		// map; the strict decoder has told all of them.
		if strings.HasSuffix(e, "field not declared in schema") {
			continue
		}
		all = append(all, "error: "+e)
	}
	for _, w := range v.Warnings {
		all = append(all, "warning: "+w)
	}
	return all
}
