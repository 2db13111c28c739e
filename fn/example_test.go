package fn_test

import (
	"os"
	"strings"

	"github.com/outrigger-dev/outrigger/fn"
)

// The function adds a container to the Deployment of a list, and leaves everything else unchanged, comments included.
func ExampleProcess() {
	list := `apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: shop}
  spec:
    template:
      spec:
        containers:
        - name: shop   # ours
          image: shop:1
functionConfig:
  apiVersion: outrigger.dev/v1alpha1
  kind: Sidecars
  metadata: {name: greeting}
  spec:
    select: [{kind: Deployment}]
    patterns:
    - name: hello
      placement: beside
      custom:
        containers: [{name: hello, image: "hello:1"}]
`
	if err := fn.Process(strings.NewReader(list), os.Stdout, os.Stderr); err != nil {
		os.Exit(1)
	}
	// Output:
	// apiVersion: config.kubernetes.io/v1
	// kind: ResourceList
	// items:
	// - apiVersion: apps/v1
	//   kind: Deployment
	//   metadata: {name: shop, annotations: {outrigger.dev/patterns: hello}}
	//   spec:
	//     template:
	//       spec:
	//         containers:
	//         - name: shop   # ours
	//           image: shop:1
	//         - name: hello
	//           image: hello:1
	//       metadata:
	//         annotations:
	//           outrigger.dev/patterns: hello
	//           kubectl.kubernetes.io/default-container: shop
	// functionConfig:
	//   apiVersion: outrigger.dev/v1alpha1
	//   kind: Sidecars
	//   metadata: {name: greeting}
	//   spec:
	//     select: [{kind: Deployment}]
	//     patterns:
	//     - name: hello
	//       placement: beside
	//       custom:
	//         containers: [{name: hello, image: "hello:1"}]
}
