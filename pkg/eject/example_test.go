package eject_test

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/eject"
)

func ExampleEject() {
	base, _ := eject.DecodeObject([]byte(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"},
		"data": {"mode": "fast", "color": "red"}}`))
	copyMode := func(objects []eject.Object) ([]eject.Object, error) {
		data, _ := objects[0]["data"].(map[string]any)
		data["copy"] = data["mode"]
		return objects, nil
	}
	files, err := eject.Eject([]eject.Object{base}, copyMode, eject.Options{})
	fmt.Print(files["configmap-web.yaml"], err)
	// Output:
	// - op: test
	//   path: /data/copy
	//   value: null
	// - op: test
	//   path: /data/mode
	//   value: fast
	// - op: add
	//   path: /data/copy
	//   value: fast
	// - op: remove
	//   path: /metadata/annotations/outrigger.dev~1passing
	// <nil>
}
