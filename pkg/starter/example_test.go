package starter_test

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/starter"
)

func ExampleAddItem() {
	text, err := starter.AddItem("resources:\n- web.yaml # ours\n", "sidecars", "components")
	fmt.Print(text, err)
	// Output:
	// resources:
	// - web.yaml # ours
	// components:
	//   - sidecars
	// <nil>
}
