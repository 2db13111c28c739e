package manifest

import "fmt"

// YAML writes what encoding/json can write as a document of its own, without what
// that writes though nobody set it.
func YAML(v any) (string, error) {
	value, err := valueOf(v)
	if err != nil {
		return "", err
	}
	m, ok := value.(ordered)
	if !ok {
		return "", fmt.Errorf("%T is no document", v)
	}
	return style{indent: 2, newline: "\n"}.mapping(m, 0) + "\n", nil
}
