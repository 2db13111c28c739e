package editable_test

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/editable"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// What isn't in the table is never edited.
func Example() {
	deployment := sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "shop"}
	pods := []sidecar.Path{sidecar.Fields("spec", "template")}
	for _, field := range []string{"volumes", "hostNetwork"} {
		path := sidecar.Fields("spec", "template", "spec", field)
		fmt.Println(field, editable.HasFieldsBelow(deployment, pods, path) || editable.FieldAt(deployment, pods, path) != nil)
	}
	// Output:
	// volumes true
	// hostNetwork false
}
