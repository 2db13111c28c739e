// Command cmd runs examples/every-pod over folders of manifests, and says how many workloads got their sidecar, why the
// others didn't, and how many warnings there are:
//
//	go -C e2e run ./fleet/cmd FOLDER...
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/outrigger-dev/outrigger/e2e/fleet"
	"github.com/outrigger-dev/outrigger/e2e/made"
)

func main() {
	code, err := checkFolders(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// checkFolders checks each folder, and returns the highest exit code.
func checkFolders(folders []string) (code int, err error) {
	if len(folders) == 0 {
		return 2, fmt.Errorf("no folder is named")
	}
	root, err := made.FindRoot()
	if err != nil {
		return 1, err
	}
	bin, err := made.Make("build")
	if err != nil {
		return 1, err
	}
	program := filepath.Join(bin, "outrigger")
	document := filepath.Join(root, "examples/every-pod/sidecars/sidecars.yaml")
	for _, dir := range folders {
		r, err := fleet.CheckFolder(program, document, dir)
		if err != nil {
			return 1, err
		}
		fmt.Printf("%s: ", dir)
		r.Print(os.Stdout)
		code = max(code, r.Code)
	}
	return code, nil
}
