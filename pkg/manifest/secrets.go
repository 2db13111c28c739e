package manifest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
)

var (
	// userinfo is a password in a URL.
	userinfo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`://[^/\s:@"']*:[^/\s@"']+@`) })
	// keyed names of variables, flags and parameters by which secrets are handed over.
	secretName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(pass(wd|word|phrase|code)?|pwd|secret|token|credentials?|` +
			`(api|private|access|auth)[-_.]?key|dsn|(^|[-_.])(key|auth|cookie|salt|pat|pin))$`)
	})
	// assigned are names with a value behind them.
	assigned = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`([A-Za-z0-9_.-]+)["']?(=| *: +|  *)["']?[^\s"',}\]]`)
	})
	// valued is a variable that has its value here, and not from a Secret.
	valued   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\bvalue["']?:`) })
	variable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`name["']?: *["']?([A-Za-z0-9_.-]+)`) })
)

// mayHoldSecret reports whether a text that stood at a path may hold a password, by all
// that is known of it: an address with one, or the name of what it's for.
func mayHoldSecret(at, text string) bool {
	if strings.TrimSpace(strings.Trim(text, `"'`)) == "" {
		return false
	}
	if userinfo().MatchString(text) {
		return true
	}
	if _, port, ok := strings.Cut(at+"/", "/ports/"); ok && strings.Count(port, "/") <= 1 {
		return false // nothing in ports is free text, and a comment there isn't handed over
	}
	if i := strings.LastIndex(at, "/env/name="); i >= 0 {
		name, rest, _ := strings.Cut(at[i+len("/env/name="):], "/")
		if rest == "value" && secretName().MatchString(unescape.Replace(name)) {
			return true
		}
	}
	for _, m := range assigned().FindAllStringSubmatch(text, -1) {
		if m[1] != "key" && secretName().MatchString(m[1]) { // a reference to a Secret has a key
			return true
		}
	}
	if valued().MatchString(text) {
		for _, m := range variable().FindAllStringSubmatch(text, -1) {
			if secretName().MatchString(m[1]) {
				return true
			}
		}
	}
	return false
}

// HoldsSecret reports whether JSON may hold a password in plain text, as the value of a
// variable, in an address or in an argument. A reference to a Secret isn't one.
func HoldsSecret(raw json.RawMessage) bool {
	v, err := values.DecodeJSON(raw)
	return err != nil || holdsSecret("", v, false)
}

// holdsSecret is HoldsSecret for a value in a field; fields of objects are named by
// whoever writes them, and so their names count.
func holdsSecret(field string, v any, inObject bool) bool {
	switch v := v.(type) {
	case string:
		return inObject && secretName().MatchString(field) || mayHoldSecret("", v)
	case []any:
		return slices.ContainsFunc(v, func(v any) bool { return holdsSecret(field, v, inObject || field == "objects") })
	case values.Map:
		name, _ := v.Get("name").(string)
		if value, _ := v.Get("value").(string); value != "" && secretName().MatchString(name) {
			return true
		}
		return slices.ContainsFunc(v, func(e values.Entry) bool { return holdsSecret(e.Key, e.Value, inObject) })
	}
	return false
}
