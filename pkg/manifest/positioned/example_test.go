package positioned_test

import (
	"fmt"
	"log"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
)

// A node's bounds are those of its own text, so that an edit can replace just that.
func Example() {
	const text = "kind: Pod\nspec:\n  containers:\n  - name: app # the shop\n    image: 'shop:1'\n"
	lines := positioned.NewLines(text)
	root, err := positioned.ReadObject(lines, 0, len(text), false)
	if err != nil {
		log.Fatal(err)
	}
	image := root.At("spec", "containers").Values[0].Field("image")
	fmt.Println(lines.LineNumber(image.Start), text[image.Start:image.End], image.ScalarText())
	fmt.Println(text[:image.Start] + "shop:2" + text[image.End:])
	// Output:
	// 5 'shop:1' shop:1
	// kind: Pod
	// spec:
	//   containers:
	//   - name: app # the shop
	//     image: shop:2
}
