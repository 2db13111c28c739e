package values

import (
	"encoding/json"
	"unicode/utf8"
)

// A Shared value is made once for all who want an equal one. Nobody may change it.
type Shared struct {
	Value any
	Hash  string // for whoever makes one
	lines map[layout]string
}

// A layout is how a value is written on a line of its own: as the entry with a key, or as an item.
type layout struct {
	Style
	key    string
	column int
}

// FormatLine writes the value behind the end of a line, at a column of the next one: as the entry with a key, or as an
// item if the key is "".
func (s *Shared) FormatLine(st Style, key string, col int) string {
	at := layout{st, key, col}
	line, known := s.lines[at]
	if known {
		return line
	}
	if line = st.Newline + Indentation(col); key != "" {
		line += st.FormatEntry(key, s.Value, col)
	} else {
		line += st.FormatItem(s.Value, col)
	}
	if s.lines == nil {
		s.lines = map[layout]string{}
	}
	s.lines[at] = line
	return line
}

// A Cache has shared values by their JSON: thousands of workloads get the same. A nil one keeps none.
type Cache map[string]*Shared

// mostShared is how many values a cache keeps.
const mostShared = 1000

// Share is [Of] with a value that may be shared.
func (c Cache) Share(v any) (*Shared, error) {
	if raw, ok := v.(json.RawMessage); ok {
		value, err := DecodeJSON(raw)
		return &Shared{Value: value}, err
	}
	if text, ok := v.(string); ok && utf8.ValidString(text) { // it's the same in JSON
		return c.keep("\x00"+text, func() (any, error) { return text, nil }) // no JSON begins so
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return c.keep(string(raw), func() (any, error) {
		value, err := decodeValid(raw)
		return pruneUnset(value), err
	})
}

// keep returns the value with a key, which is made if there's none.
func (c Cache) keep(key string, newValue func() (any, error)) (*Shared, error) {
	if s := c[key]; s != nil {
		return s, nil
	}
	value, err := newValue()
	s := &Shared{Value: value}
	if c != nil && len(c) < mostShared {
		c[key] = s
	}
	return s, err
}
