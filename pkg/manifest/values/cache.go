package values

import "encoding/json"

// A Shared value is made once for all who want an equal one. Nobody may change it.
type Shared struct {
	Value any
	Hash  string // for whoever makes one
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
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if s := c[string(raw)]; s != nil {
		return s, nil
	}
	value, err := decodeValid(raw)
	s := &Shared{Value: pruneUnset(value)}
	if c != nil && len(c) < mostShared {
		c[string(raw)] = s
	}
	return s, err
}
