package field_test

import (
	"fmt"
	"reflect"

	"github.com/outrigger-dev/outrigger/pkg/config/field"
)

// The fields of a struct have their names in JSON.
func Example() {
	type selector struct {
		Kind   string            `json:"kind"`
		Labels map[string]string `json:"labels,omitempty"`
	}
	for _, f := range field.Of(reflect.TypeFor[selector]()) {
		fmt.Println(f.Name, f.Type, f.Required)
	}
	// Output:
	// kind string true
	// labels map[string]string false
}
