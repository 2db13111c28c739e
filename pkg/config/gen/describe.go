package main

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/outrigger-dev/outrigger/pkg/config/field"
)

// Comments in Go begin with the name of what they're about. A description stands beside
// that name, so it begins with what is said: "Port is where clients come in" is "Where
// clients come in".

// describeField makes a description of a field's comment. The comments of the
// Kubernetes API have the name of a field as in Go or as in JSON. A value of an enum
// stays as it's written.
func describeField(comment string, f field.Field, enum []string) string {
	for _, name := range []string{f.Go, f.Name} {
		rest, ok := strings.CutPrefix(comment, name)
		if !ok || rest == "" {
			continue
		}
		if family, what, ok := cutFamily(rest); ok {
			return upperFirst(dropVerb(what), nil) + " (" + family + ")"
		}
		if what, ok := cutPunctuation(rest); ok {
			return upperFirst(what, nil)
		}
		if what, ok := strings.CutPrefix(rest, " "); ok && isVerb(what) {
			return upperFirst(dropVerb(what), enum)
		}
		if strings.HasPrefix(rest, " ") {
			return upperFirst(splitName(f.Go)+rest, nil)
		}
	}
	return upperFirst(comment, nil)
}

// splitName writes a name in Go as words: SizeLimit as "size limit", KVVersion as "KV
// version".
func splitName(name string) string {
	var words []string
	start := 0
	for i := 1; i <= len(name); i++ {
		if i < len(name) && !startsWord(name, i) {
			continue
		}
		word := name[start:i]
		if strings.ToUpper(word) != word {
			word = strings.ToLower(word)
		}
		words, start = append(words, word), i
	}
	return strings.Join(words, " ")
}

// startsWord reports whether a word begins at i, which isn't 0: behind a small letter or a
// digit, or with the last capital of several, as in KVVersion.
func startsWord(name string, i int) bool {
	upper := func(i int) bool { return unicode.IsUpper(rune(name[i])) }
	return upper(i) && (!upper(i-1) || i+1 < len(name) && unicode.IsLower(rune(name[i+1])))
}

// describeType makes a description of a type's comment, which begins with its name,
// mostly with an article before it.
func describeType(comment string, t reflect.Type) string {
	for _, article := range []string{"", "A ", "An ", "The "} {
		if rest, ok := strings.CutPrefix(comment, article+t.Name()+" "); ok && isVerb(rest) {
			return upperFirst(dropVerb(rest), nil)
		}
	}
	return upperFirst(comment, nil)
}

// familyForm is what begins the comment of a pattern, behind its name.
var familyForm = regexp.MustCompile(`(?s)^ \(([^)]+)\) (.*)$`)

func cutFamily(rest string) (family, what string, ok bool) {
	m := familyForm.FindStringSubmatch(rest)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// cutPunctuation cuts what stands between a name and an apposition, as in "Socket, where
// it's true, ...".
func cutPunctuation(rest string) (what string, ok bool) {
	for _, mark := range []string{", ", ": "} {
		if what, ok := strings.CutPrefix(rest, mark); ok {
			return what, true
		}
	}
	return "", false
}

// plural are the verbs of fields with plural names.
var plural = []string{
	"are", "say", "tell", "run", "need", "allow", "change", "must", "may", "contain", "hold", "let", "name", "make",
}

// isVerb reports whether a text goes on with a verb. What else follows a name, as in
// "group of the API", is said of it as a part of the sentence.
func isVerb(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	third := strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && word != "this" && word != "as"
	return third && strings.ToLower(word) == word || slices.Contains(plural, word)
}

// dropVerb leaves out "is" and "are", which say nothing beside a name.
func dropVerb(text string) string {
	for _, verb := range []string{"is ", "are "} {
		if rest, ok := strings.CutPrefix(text, verb); ok {
			return rest
		}
	}
	return text
}

// upperFirst makes the first word begin a sentence, unless it's a name in itself, as
// secretName is, or one of some words that are written as they are.
func upperFirst(text string, as []string) string {
	word, _, _ := strings.Cut(text, " ")
	if text == "" || strings.ToLower(word) != word || slices.Contains(as, strings.Trim(word, ",:")) {
		return text
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
