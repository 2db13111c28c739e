package values_test

import (
	"fmt"
	"log"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
)

// Fields keep their order, and what YAML would take for something else is quoted.
func Example() {
	v, err := values.DecodeJSON([]byte(`{"name": "shop", "image": "shop:1", "args": ["on"]}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(values.FormatFlow(v, false))
	// Output:
	// {name: shop, image: 'shop:1', args: ['on']}
}
