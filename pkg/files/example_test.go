package files_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/outrigger-dev/outrigger/pkg/files"
)

// All files of a folder are written, or none.
func Example() {
	dir, err := os.MkdirTemp("", "manifests")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "shop.yaml"), []byte("kind: Deployment\n"), 0o644); err != nil {
		log.Fatal(err)
	}
	set, err := files.Read([]string{dir}, true)
	if err != nil {
		log.Fatal(err)
	}
	var texts []string
	for _, f := range set.Files {
		texts = append(texts, f.Text+"metadata: {name: shop}\n")
	}
	if _, err := set.Write(context.Background(), texts); err != nil {
		log.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(dir, "shop.yaml"))
	fmt.Print(string(written), err)
	// Output:
	// kind: Deployment
	// metadata: {name: shop}
	// <nil>
}
