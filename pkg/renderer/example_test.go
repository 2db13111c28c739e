package renderer_test

import (
	"fmt"
	"os"

	"github.com/outrigger-dev/outrigger/pkg/renderer"
)

func ExampleRender() {
	text, err := renderer.Render(os.Stderr, "sh", "-c", "echo kind: ConfigMap")
	fmt.Print(text, err, "\n")
	_, err = renderer.Render(os.Stderr, "sh", "-c", "echo half of it; exit 3")
	fmt.Println(err)
	// Output:
	// kind: ConfigMap
	// <nil>
	// sh ended with code 3
}
