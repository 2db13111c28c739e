package positioned

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"
)

// wholeNumber is a number with an exponent of three digits or more, and nothing around it.
var wholeNumber = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[+-]?[0-9]*[.]?[0-9]*[eE][+-]?0*[1-9][0-9]{2,}$`)
})

// maxQuantity is how many characters a quantity may have. [sidecar.HasLongNumber] has the same limit.
const maxQuantity = 100

// refuseQuantity returns why a text isn't read as a quantity, or "". Quantities may have blanks around them.
func refuseQuantity(text string) string {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > maxQuantity:
		return fmt.Sprintf("has more than %d characters; write a quantity that fits into 64 bits", maxQuantity)
	case wholeNumber().MatchString(text):
		return text + " has an exponent of three digits or more; write a quantity that fits into 64 bits"
	}
	return ""
}

// checkQuantities refuses a quantity with an exponent that no number of 64 bits has, as 1e474031877, or with very many
// digits, in what is read into a type. The library that reads it next (k8s.io/apimachinery, pkg/api/resource) takes
// hours, as it writes out all of its digits, or takes the square of their number. Nearly no text has one, and then only
// values that are read as quantities count: a hash may look alike.
func checkQuantities(raw []byte, into reflect.Type) error {
	if !mayBeHuge(raw) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil // what isn't JSON is refused elsewhere
	}
	return checkFields(v, into)
}

// hasLongExponent reports whether a text may have a number with an exponent of three digits or more.
func hasLongExponent(raw []byte) bool {
	isDigit := func(at int) bool { return at < len(raw) && '0' <= raw[at] && raw[at] <= '9' }
	for at, b := range raw {
		if b|0x20 != 'e' || at == 0 || !isDigit(at-1) && raw[at-1] != '.' {
			continue
		}
		digits := at + 1
		if digits < len(raw) && (raw[digits] == '+' || raw[digits] == '-') {
			digits++
		}
		if isDigit(digits) && isDigit(digits+1) && isDigit(digits+2) {
			return true
		}
	}
	return false
}

// mayBeHuge reports whether a text may have a quantity that [refuseQuantity] finds.
func mayBeHuge(raw []byte) bool { return hasLongExponent(raw) || hasLongNumber(raw) }

// hasLongNumber reports whether a text may have a quantity of more than maxQuantity characters. It's a sign, digits, a
// point, digits, and a unit or an exponent: a third of them are digits in a row.
func hasLongNumber(raw []byte) bool {
	row := 0
	for _, b := range raw {
		if row++; b < '0' || b > '9' {
			row = 0
		}
		if row > maxQuantity/4 {
			return true
		}
	}
	return false
}

// checkFields goes where encoding/json goes when it reads a value into a type.
func checkFields(v any, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		for key, field := range v {
			for _, of := range typesOf(t, key) {
				if err := checkFields(field, of); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
			}
		}
	case []any:
		for _, entry := range v {
			if t.Kind() != reflect.Slice {
				return nil
			}
			if err := checkFields(entry, t.Elem()); err != nil {
				return err
			}
		}
	case string, json.Number:
		if t.Name() != "Quantity" {
			return nil
		}
		if why := refuseQuantity(fmt.Sprint(v)); why != "" {
			return errors.New(why)
		}
	}
	return nil
}

// typesOf returns the types into which encoding/json may read a field: it takes names in any case.
func typesOf(t reflect.Type, key string) (all []reflect.Type) {
	switch t.Kind() {
	case reflect.Map:
		return []reflect.Type{t.Elem()}
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if strings.EqualFold(cmp.Or(name, f.Name), key) {
				all = append(all, f.Type)
			}
		}
	}
	return all
}
