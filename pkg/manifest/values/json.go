package values

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// DecodeJSON reads JSON into values; numbers stay as they're written.
func DecodeJSON(raw []byte) (any, error) {
	if !json.Valid(raw) { // bounds the depth, too
		return nil, json.Unmarshal(raw, new(json.RawMessage)) // says why
	}
	return decodeValid(raw)
}

// decodeValid is decodeJSON for what an encoder has written.
func decodeValid(raw []byte) (any, error) {
	r := jsonReader{text: raw}
	v := r.readValue()
	return v, r.err
}

// jsonReader reads JSON that is known to be right, so that it need only tell the
// tokens apart: commas and colons carry nothing.
type jsonReader struct {
	text []byte
	at   int
	err  error
}

// nextToken is the first character of the next token.
func (r *jsonReader) nextToken() byte {
	for bytes.IndexByte([]byte(" \t\r\n,:"), r.text[r.at]) >= 0 {
		r.at++
	}
	return r.text[r.at]
}

func (r *jsonReader) readValue() any {
	switch r.nextToken() {
	case '{':
		return r.readMapping()
	case '[':
		list := []any{}
		for r.at++; r.nextToken() != ']'; {
			list = append(list, r.readValue())
		}
		r.at++
		return list
	case '"':
		return r.readString()
	case 't':
		r.at += len("true")
		return true
	case 'f':
		r.at += len("false")
		return false
	case 'n':
		r.at += len("null")
		return nil
	}
	start := r.at
	for r.at < len(r.text) && bytes.IndexByte([]byte("+-.0123456789eE"), r.text[r.at]) >= 0 {
		r.at++
	}
	return json.Number(r.text[start:r.at])
}

// readMapping reads an object. A key that comes twice is an error: YAML has no such
// mappings, and which of the two was meant isn't known.
func (r *jsonReader) readMapping() Map {
	m := Map{}
	seen := map[string]bool{}
	for r.at++; r.nextToken() != '}'; {
		k := r.readString()
		if seen[k] && r.err == nil {
			r.err = errors.New("a field is there twice")
		}
		seen[k] = true
		m = append(m, Entry{k, r.readValue()})
	}
	r.at++
	return m
}

func (r *jsonReader) readString() string {
	start := r.at
	easy := true
	for r.at++; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			easy = false
			r.at++
		}
	}
	r.at++
	raw := r.text[start:r.at]
	if easy && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // can't fail: the text is right
	return s
}
