package merge

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Each field of a Change has one row in the table, and the row says what becomes of it.
func TestEachFieldHasARow(t *testing.T) {
	var want []string
	var walk func(t reflect.Type, prefix string)
	walk = func(t reflect.Type, prefix string) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				name = f.Name
			}
			if f.Type == reflect.TypeFor[sidecar.App]() || f.Type == reflect.TypeFor[sidecar.Pod]() {
				walk(f.Type, name+".")
			} else {
				want = append(want, prefix+name)
			}
		}
	}
	walk(reflect.TypeFor[sidecar.Change](), "")
	var have []string
	for _, f := range fields {
		have = append(have, f.name)
		require.NotEqual(t, f.why == "", f.pod == nil && f.app == nil && f.all == nil,
			"field %s: say either what it does or who deals with it", f.name)
	}
	slices.Sort(want)
	slices.Sort(have)
	require.Equal(t, want, have, "what does the field do to a pod? give it a row in fields.go")
}
