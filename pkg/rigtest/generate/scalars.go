package generate

import (
	"regexp"
	"strconv"
	"strings"
)

// words can stand without quotes under every reader.
var words = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./-]*$`)

// tricky are strings of which some readers make another type; ours read YAML 1.2
// here, so those that are strings there may stand bare.
var tricky = map[string]bool{
	"n":    true,
	"y":    true,
	"on":   true,
	"off":  true,
	"yes":  true,
	"no":   true,
	"No":   true,
	"1:30": true,
}

// reserved are words that are no strings.
var reserved = map[string]bool{"true": true, "false": true, "null": true, "True": true, "Null": true}

// bare reports whether a string may stand without quotes, outside of brackets.
func bare(s string) bool {
	if tricky[s] {
		return true
	}
	if reserved[s] || words.MatchString(s) {
		return !reserved[s]
	}
	const special, numeric = "\n\t\"'\\#:,[]{}&*!|>%@`?~-", "0123456789.+eExXoO_"
	return s == strings.TrimSpace(s) && !strings.ContainsAny(s, special) && strings.Trim(s, numeric) != ""
}

// single is in single quotes.
func single(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// double is in double quotes, as JSON has them too.
func double(s string) string {
	q := strconv.Quote(s) // \a, \v and \x.. aren't JSON; nothing here has such characters
	return q
}

// quoteScalar writes a string in one of the ways that it can be written in one line.
func (r random) quoteScalar(s string, brackets bool) string {
	switch {
	case strings.ContainsAny(s, "\n\t"):
		return double(s)
	case r.one(5):
		return double(s)
	case r.one(5):
		return single(s)
	case bare(s):
		return s
	case r.one(2):
		return single(s)
	}
	return double(s)
}

// drawEmpty is one of the ways to write that there are no entries.
func (r random) drawEmpty(k kind) *Node {
	if k == mapKind {
		return raw(pick(r, "{}", "{}", "{ }", "", "null", "~"))
	}
	return raw(pick(r, "[]", "[]", "[ ]", "", "null", "Null"))
}

// drawSome is v most of the time; else nothing in one of its forms, or no entry at all.
func (r random) drawSome(v *Node) any {
	switch r.IntN(8) {
	case 0:
		return r.drawEmpty(v.kind)
	case 1:
		return nil
	}
	return v
}

// Secret is a value that nothing but the manifests that hold it may show.
const Secret = "geheim-7f3a91"

var bodies = [][]string{
	{"#!/bin/sh", "echo hello"},
	{"apiVersion: v1", "kind: Pod", "metadata: {name: text}"},
	{"first", "", "---", "", "- apiVersion: v1", "  kind: Pod"},
	{"trailing blanks   ", "", "# no comment", "end"},
	{"a", "", ""},
	{"ünï 日本語 🚢", "  deeper", "\ttab", "back"},
	{"key: |", "  nested", "..."},
	{"spec:", "  containers:", "  - name: app"},
}

// drawBody is the text of a block scalar.
func (r random) drawBody() []string { return pick(r, bodies...) }
