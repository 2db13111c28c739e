package logtail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Settings are properties as fluent-bit's manual names them, in their order. A value is a
// text, a number, true, false, or a list of those.
type Settings []Setting

// A Setting is one of them. A number keeps the form in which it's written.
type Setting struct {
	Key    string
	Values []any // string, bool or json.Number
	list   bool
}

var (
	_ json.Unmarshaler = (*Settings)(nil)
	_ json.Marshaler   = (Settings)(nil)
)

var errSettings = errors.New("wanted texts, numbers, true, false, or lists of those")

// UnmarshalJSON reads a mapping.
func (s *Settings) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errSettings
	}
	*s = nil
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		one := Setting{Key: fmt.Sprint(key)}
		var v any
		if err := d.Decode(&v); err != nil {
			return err
		}
		if one.Values, one.list = v.([]any); !one.list {
			one.Values = []any{v}
		}
		for _, v := range one.Values {
			switch v.(type) {
			case string, bool, json.Number:
			default:
				return errSettings
			}
		}
		*s = append(*s, one)
	}
	return nil
}

// MarshalJSON writes the settings in their order.
func (s Settings) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, one := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		var v any = one.Values
		if !one.list && len(one.Values) == 1 {
			v = one.Values[0]
		}
		if err := errors.Join(e.Encode(one.Key), b.WriteByte(':'), e.Encode(v)); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	var out bytes.Buffer
	err := json.Compact(&out, b.Bytes()) // encoders end lines
	return out.Bytes(), err
}

// findSetting returns the first value of a setting as a text. The case of the key doesn't
// matter.
func (s Settings) findSetting(key string) (value string, there bool) {
	for _, one := range s {
		if strings.EqualFold(one.Key, key) && len(one.Values) > 0 {
			return fmt.Sprint(one.Values[0]), true
		}
	}
	return "", false
}

// withDefault adds a setting unless it's there.
func (s Settings) withDefault(key, value string) Settings {
	if _, there := s.findSetting(key); there {
		return s
	}
	return append(slices.Clone(s), Setting{Key: key, Values: []any{value}})
}

var settingKey = pattern.LazyRegexp(`^[A-Za-z][A-Za-z0-9_.:-]*$`)

// validateSettings finds invalid properties, and secrets. Messages don't show values.
func (s Settings) validateSettings(at string, own []string, fs *sidecar.Findings) {
	seen := map[string]bool{}
	for _, one := range s {
		field, lower := at+"."+one.Key, strings.ToLower(one.Key)
		if !settingKey().MatchString(one.Key) {
			fs.Add(sidecar.Error, "bad-value", at, fmt.Sprintf("%q can't be the name of a property", one.Key),
				"use letters, digits, _, - and dots")
			continue
		}
		for _, o := range own {
			if lower == o {
				fs.Add(sidecar.Error, "bad-value", field, "is written by outrigger", "remove it")
			}
		}
		if seen[lower] {
			fs.Add(sidecar.Error, "bad-value", field, "is listed twice", "write a list of its values")
		}
		seen[lower] = true
		for _, v := range one.Values {
			text := fmt.Sprint(v)
			if strings.ContainsFunc(text, func(r rune) bool {
				return r != '\n' && r != '\t' && !unicode.IsPrint(r) || r == unicode.ReplacementChar
			}) {
				fs.Add(sidecar.Error, "bad-value", field, "has an invisible character", "remove it")
			}
			if holdsSecret(lower, text) && !fluentVariable().MatchString(text) {
				fs.Add(sidecar.Error, "secret-inline", field,
					"is a secret, and would be in plain text in the config and in a ConfigMap",
					"keep it in a Secret: write ${NAME} here, and env: [{name: NAME, valueFrom: {secretKeyRef: {name: ..., key: "+
						"...}}}]")
			}
		}
	}
}

// fluentVariable matches a reference to a variable, as fluent-bit writes it.
var fluentVariable = pattern.LazyRegexp(`\$\{([^}]*)\}`)

// variableNames returns the variables that the values refer to.
func (s Settings) variableNames() (names []string) {
	for _, one := range s {
		for _, v := range one.Values {
			for _, m := range fluentVariable().FindAllStringSubmatch(fmt.Sprint(v), -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

var secretSetting = pattern.LazyRegexp(`passw|passphrase|secret|token|credential|api_?key|access_?key|license_?key|` +
	`shared_?key|account_?key|private_?key|auth_?key|http_?user|webhook`)

var secretFile = pattern.LazyRegexp(`file|path|credentials`)

// holdsSecret reports whether a property holds a secret, from its name or its text. Paths
// of files with secrets don't count, nor do true and false.
func holdsSecret(key, text string) bool {
	switch {
	case text == "" || text == "true" || text == "false" || strings.HasPrefix(text, "/") && secretFile().MatchString(key):
		return false
	case secretSetting().MatchString(key):
		return true
	}
	lower := strings.ToLower(text)
	if strings.Contains(key, "header") &&
		(strings.HasPrefix(lower, "authorization") || strings.HasPrefix(lower, "cookie") ||
			secretSetting().MatchString(lower) || strings.Contains(lower, "api-key")) {
		return true
	}
	_, rest, url := strings.Cut(text, "://")
	authority, _, _ := strings.Cut(rest, "/")
	return url && strings.Contains(authority, "@")
}
