package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// recordPrefix begins the annotation with the record of a config's edits. The config's name
// follows, so that an object may have records of several configs. It's on the object and
// never on the pod template: a record must not restart pods.
const recordPrefix = "applied.outrigger.dev/"

// A record is the content of the annotation, as JSON on one line.
type record struct {
	Version int    `json:"v"`
	Compact bool   `json:"compact,omitempty"` // lists were at the column of their key
	Column  int    `json:"col,omitempty"`     // column of the object, which is deeper in a list
	Marks   []mark `json:"marks"`
}

// recordVersion is the version of this form. Marks of version 1 didn't say what they undo.
const recordVersion = 2

// A mark is one edit. Without Was a value was added; with Was and After it was removed; with
// Was alone it was replaced. With Empty it's a collection that had no entries. A value
// that the config set has a hash, and it's undone only if the hash still matches. A value
// that several documents share has a mark in the record of each: their parts of it, or
// else equal marks.
type mark struct {
	At    string  `json:"at"`
	Is    string  `json:"is,omitempty"`    // hash of the value
	Part  string  `json:"part,omitempty"`  // instead: this document's part of the value, see editable.Share
	Was   *string `json:"was,omitempty"`   // the text before; with Part, before the first document's edit
	After *string `json:"after,omitempty"` // the entry before the removed one; "": it was the first
	Skip  int     `json:"skip,omitempty"`  // number of lines between the two: comments
	By    string  `json:"by,omitempty"`    // with After: the mark of the value that replaced it
	Empty *string `json:"empty,omitempty"` // its old text: "", {}, [], null
}

// isTakenOut reports whether the mark is of a removed value.
func (m *mark) isTakenOut() bool { return m.After != nil }

// isComplete reports whether the mark has all required fields.
func (m *mark) isComplete() bool {
	said := 0
	for _, s := range []string{m.Is, m.Part, m.By} {
		if s != "" {
			said++
		}
	}
	switch {
	case !strings.HasPrefix(m.At, "/") || m.Skip < 0:
		return false
	case m.isTakenOut():
		return m.Was != nil && m.Empty == nil && m.By != "" && said == 1 && !hasMarker(*m.Was)
	case m.Empty != nil:
		return m.Was == nil && m.Part == "" && m.By == "" && !hasMarker(*m.Empty)
	}
	return said == 1 && m.By == "" && (m.Was == nil || !hasMarker(*m.Was))
}

// hasMarker reports whether a text has a line that begins or ends a document.
func hasMarker(text string) bool {
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") || strings.HasPrefix(line, "%") {
			return true
		}
	}
	return false
}

// isOwnKey reports whether an annotation is outrigger's own and may change with each
// document. Hashes don't include it.
func isOwnKey(key string) bool {
	return key == sidecar.PatternsKey || key == sidecar.PhasesKey || key == sidecar.ContainersKey ||
		strings.HasPrefix(key, recordPrefix)
}

// hashValue returns a hash of a value. It doesn't depend on the order of fields.
func hashValue(v any) string {
	sum := sha256.Sum256([]byte(values.FormatFlow(sortFields(v), true)))
	return hex.EncodeToString(sum[:6])
}

// hashOf returns the hash of a value for a mark, if marks need it.
func (e *editor) hashOf(v any) string {
	if !e.hashes {
		return ""
	}
	return hashValue(v)
}

func sortFields(v any) any {
	switch v := v.(type) {
	case values.Map:
		m := slices.Clone(v)
		m = slices.DeleteFunc(m, func(e values.Entry) bool { return e.Value == nil || isOwnKey(e.Key) })
		slices.SortFunc(m, func(a, b values.Entry) int { return strings.Compare(a.Key, b.Key) })
		for i := range m {
			m[i].Value = sortFields(m[i].Value)
		}
		return m
	case []any:
		l := slices.Clone(v)
		for i := range l {
			l[i] = sortFields(l[i])
		}
		return l
	case json.Number:
		return json.Number(values.NormalNumber(v))
	}
	return v
}

func encodeRecord(r record) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // people read it in reviews
	if err := enc.Encode(r); err != nil {
		panic(fmt.Sprintf("manifest: a record of strings can't be encoded: %v", err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func decodeRecord(text string) (record, error) {
	var head struct {
		Version int `json:"v"`
	}
	damaged := errors.New("is damaged; restore it from version control, " +
		"or remove the sidecars by hand and delete the annotation")
	switch err := json.Unmarshal([]byte(text), &head); {
	case err != nil:
		return record{}, damaged
	case head.Version < recordVersion && head.Version > 0:
		return record{}, fmt.Errorf("has version %d, of an older outrigger; "+
			"strip the object with that one, or render from the sources", head.Version)
	case head.Version != recordVersion:
		return record{}, fmt.Errorf("has version %d, which this outrigger doesn't read; "+
			"use the outrigger that wrote it, or a newer one", head.Version)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var r record
	if d.Decode(&r) != nil || d.More() || slices.ContainsFunc(r.Marks, func(m mark) bool { return !m.isComplete() }) {
		return record{}, damaged
	}
	return r, nil
}

// pathString writes a path as a JSON pointer (RFC 6901). List entries are "key=value".
func pathString(p sidecar.Path) string {
	var b strings.Builder
	for _, s := range p {
		b.WriteString("/" + stepString(s))
	}
	return b.String()
}

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1", "=", "~2")
	unescape = strings.NewReplacer("~2", "=", "~1", "/", "~0", "~")
)

func stepString(s sidecar.Step) string {
	if s.Field != "" {
		return escape.Replace(s.Field)
	}
	return escape.Replace(s.Key) + "=" + escape.Replace(s.Value)
}

func parsePath(s string) (sidecar.Path, error) {
	if !strings.HasPrefix(s, "/") {
		return nil, errors.New("has a path that doesn't begin with a slash")
	}
	var p sidecar.Path
	for _, part := range strings.Split(s[1:], "/") {
		p = append(p, parseStep(part))
	}
	return p, nil
}

func parseStep(s string) sidecar.Step {
	if key, value, ok := strings.Cut(s, "="); ok {
		return sidecar.Step{Key: unescape.Replace(key), Value: unescape.Replace(value)}
	}
	return sidecar.Step{Field: unescape.Replace(s)}
}

var (
	// userinfo matches a password in a URL.
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

// mayHoldSecret reports whether the old text at a path may contain a password: it has an
// address with one, or a name that suggests one.
func mayHoldSecret(at, text string) bool {
	if strings.TrimSpace(strings.Trim(text, `"'`)) == "" {
		return false
	}
	if userinfo().MatchString(text) {
		return true
	}
	if _, port, ok := strings.Cut(at+"/", "/ports/"); ok && strings.Count(port, "/") <= 1 {
		return false // ports have no free text, and comments aren't recorded
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
