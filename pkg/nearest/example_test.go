package nearest_test

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
)

func Example() {
	fmt.Println(nearest.Name("tlsproxy", []string{"authProxy", "exporter", "tlsProxy"}))
	// Output: tlsProxy
}
