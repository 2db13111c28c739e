package split_test

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
)

// The objects of a stream are found without reading them.
func Example() {
	documents, ok := split.Split(`apiVersion: v1
kind: Service
metadata:
  name: shop
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec: {}
`)
	fmt.Println(ok)
	for _, d := range documents {
		fmt.Println(d.Kind, d.Name, d.Start, d.End)
	}
	// Output:
	// true
	// Service shop 0 52
	// Deployment shop 52 125
}
