package fn_test

import (
	"os"
	"strings"

	"github.com/outrigger-dev/outrigger/fn"
)

// A list with a Deployment comes in, and goes out with a container more. Everything
// else is as it was, comments too.
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
