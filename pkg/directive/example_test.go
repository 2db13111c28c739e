package directive_test

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/directive"
)

func ExampleLowerVersions() {
	fmt.Print(directive.LowerVersions("%YAML 1.2\n---\nkind: Service\n"))
	// Output:
	// %YAML 1.1
	// ---
	// kind: Service
}
