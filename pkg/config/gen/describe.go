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

// Comments in Go begin with the name of their subject. A description is printed beside that name, so it begins with the
// rest: "Port is the port of clients" becomes "The port of clients".

// describeField turns a field's comment into a description. The comments of the Kubernetes API have a field's name as
// in Go or as in JSON. It doesn't change the values of an enum.
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

// startsWord reports whether a word begins at i, which isn't 0: behind a lower-case letter or a digit, or with the last
// of several capitals, as in KVVersion.
func startsWord(name string, i int) bool {
	upper := func(i int) bool { return unicode.IsUpper(rune(name[i])) }
	return upper(i) && (!upper(i-1) || i+1 < len(name) && unicode.IsLower(rune(name[i+1])))
}

// describeType turns a type's comment into a description. The comment begins with the type's name, mostly behind an
// article.
func describeType(comment string, t reflect.Type) string {
	for _, article := range []string{"", "A ", "An ", "The "} {
		if rest, ok := strings.CutPrefix(comment, article+t.Name()+" "); ok && isVerb(rest) {
			return upperFirst(dropVerb(rest), nil)
		}
	}
	return upperFirst(comment, nil)
}

// familyForm matches the family in the comment of a pattern, behind its name.
var familyForm = regexp.MustCompile(`(?s)^ \(([^)]+)\) (.*)$`)

func cutFamily(rest string) (family, what string, ok bool) {
	m := familyForm.FindStringSubmatch(rest)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// cutPunctuation cuts the punctuation between a name and an apposition, as in "Socket, where it's true, ...".
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

// isVerb reports whether a text begins with a verb. If another word follows a name, as in "group of the API", the name
// is part of the sentence.
func isVerb(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	third := strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && word != "this" && word != "as"
	return third && strings.ToLower(word) == word || slices.Contains(plural, word)
}

// dropVerb removes "is" and "are", which aren't needed beside a name.
func dropVerb(text string) string {
	for _, verb := range []string{"is ", "are "} {
		if rest, ok := strings.CutPrefix(text, verb); ok {
			return rest
		}
	}
	return text
}

// upperFirst writes the first word with a capital, unless it's a name, such as secretName, or a word that is never
// changed.
func upperFirst(text string, as []string) string {
	word, _, _ := strings.Cut(text, " ")
	if text == "" || strings.ToLower(word) != word || slices.Contains(as, strings.Trim(word, ",:")) {
		return text
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
