package positioned_test

import (
	"fmt"
	"log"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
)

// A node is read from a part of a text, and holds what they mean.
func Example() {
	text := "kind: Service # ours\nspec: {ports: [80]}\n"
	node, err := positioned.ReadObject(positioned.NewLines(text), 0, len(text), false)
	if err != nil {
		log.Fatal(err)
	}
	value, err := positioned.ValueOf(node)
	fmt.Println(value, err)
	// Output:
	// [{kind Service} {spec [{ports [80]}]}] <nil>
}
