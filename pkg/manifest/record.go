package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// recordKey is the annotation in which an object remembers what was laid on it, and by
// which documents. It stands on the object and never on the pod template: remembering
// must not roll pods.
const recordKey = "outrigger.dev/applied"

// carriedKey is where a record stands while kustomize builds, so that the functions of one
// build know of each other, and nothing of it is left in what's built: kustomize removes its
// own annotations at the end (api/resource, BuildAnnotations). It reads this one on patches
// only, and there it knows no other value than enabled (KindChangeAllowed).
const carriedKey = "internal.config.kubernetes.io/allowKindChange"

// formerPrefix begins the annotations that earlier versions wrote, one for each document.
const formerPrefix = "applied.outrigger.dev/"

// A record is the content of the annotation, as JSON on one line.
type record struct {
	Version int `json:"v"`
	Record
	Compact bool   `json:"compact,omitempty"` // lists stood at the column of their key
	Column  int    `json:"col,omitempty"`     // where the object stood: in a list it stands deeper
	CRLF    bool   `json:"crlf,omitempty"`    // the texts of marks are of lines that ended so
	Marks   []mark `json:"marks"`
}

// A Record is what an object remembers of whom it was changed for.
type Record struct {
	// Documents are those that serve a workload, by name, as they were when it was laid
	// on. A run with one of them lays on the others anew: what they ask for may depend on
	// it. null stands for a document that isn't kept.
	Documents map[string]json.RawMessage `json:"documents,omitempty"`
	// Containers are those that the object's marker doesn't name, in a record that kustomize
	// carries; else they're named by an annotation.
	Containers []string `json:"containers,omitempty"`
	// Workloads are those for which another object was changed, as group/kind/namespace/name.
	Workloads []string `json:"for,omitempty"`

	// Carried says that the record stands there only while kustomize builds. An object that
	// can't have one has none then.
	Carried bool `json:"-"`
}

// recordVersion is that of the form above. Version 1 had marks that said nothing of
// what they undo; version 2 was one annotation for each document.
const recordVersion = 3

// A mark is one thing laid on. Without Was it was added; with Was and After it
// was taken out; with Was alone it was replaced. With Empty it is a collection
// that was there without entries. Everything that was laid on is named by a hash, and
// goes only while it's that.
type mark struct {
	At    string  `json:"at"`
	Is    string  `json:"is,omitempty"`    // hash of the value laid on
	Like  string  `json:"like,omitempty"`  // the same without the image, of a container with that of the app
	Was   *string `json:"was,omitempty"`   // text that stood there
	After *string `json:"after,omitempty"` // the entry before what was taken out; "": it was the first
	Skip  int     `json:"skip,omitempty"`  // lines between that entry and it: comments
	By    string  `json:"by,omitempty"`    // with After: the mark of what took its place
	Empty *string `json:"empty,omitempty"` // how it was written: "", {}, [], null
}

// texts are those that the mark gives back.
func (m *mark) texts() []*string { return []*string{m.Was, m.Empty} }

// haveLines reports whether marks have a text of several lines.
func haveLines(marks []mark) bool {
	return slices.ContainsFunc(marks, func(m mark) bool {
		return slices.ContainsFunc(m.texts(), func(text *string) bool { return text != nil && strings.Contains(*text, "\n") })
	})
}

// isTakenOut reports whether the mark is of a removed value.
func (m *mark) isTakenOut() bool { return m.After != nil }

// isComplete reports whether the mark has all required fields.
func (m *mark) isComplete() bool {
	switch {
	case !strings.HasPrefix(m.At, "/") || m.Skip < 0:
		return false
	case m.isTakenOut():
		return m.Was != nil && m.Empty == nil && m.By != "" && m.Is == "" && !hasMarker(*m.Was)
	case m.Empty != nil:
		return m.Was == nil && m.By == "" && !hasMarker(*m.Empty)
	}
	return m.Is != "" && m.By == "" && (m.Was == nil || !hasMarker(*m.Was))
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
		key == recordKey || key == carriedKey || strings.HasPrefix(key, formerPrefix)
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
	var b strings.Builder
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
		b.WriteByte('/')
		if s.Field != "" {
			_, _ = escape.WriteString(&b, s.Field)
			continue
		}
		_, _ = escape.WriteString(&b, s.Key)
		b.WriteByte('=')
		_, _ = escape.WriteString(&b, s.Value)
	}
	return b.String()
}

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1", "=", "~2")
	unescape = strings.NewReplacer("~2", "=", "~1", "/", "~0", "~")
)

func stepString(s sidecar.Step) string { return pathString(sidecar.Path{s})[1:] }

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
