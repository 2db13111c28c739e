package values

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// DecodeJSON reads JSON into values. Numbers keep their text.
func DecodeJSON(raw []byte) (any, error) {
	if !json.Valid(raw) { // this limits the depth, too
		return nil, json.Unmarshal(raw, new(json.RawMessage)) // returns the reason
	}
	return decodeValid(raw)
}

// decodeValid is DecodeJSON for the output of an encoder.
func decodeValid(raw []byte) (any, error) {
	r := jsonReader{text: raw}
	v := r.readValue()
	return v, r.err
}

// jsonReader reads valid JSON. So it only has to separate tokens, and skips commas and colons.
type jsonReader struct {
	text []byte
	at   int
	err  error
}

// nextToken returns the first character of the next token.
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

// readMapping reads an object. A duplicate key is an error: YAML doesn't allow it, and it isn't
// clear which of the two was meant.
func (r *jsonReader) readMapping() Map {
	m := Map{}
	seen := map[string]bool{}
	for r.at++; r.nextToken() != '}'; {
		k := r.readString()
		if seen[k] && r.err == nil {
			r.err = errors.New("a field is given twice")
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
	_ = json.Unmarshal(raw, &s) // can't fail: the text is valid
	return s
}
