// Command cmd runs examples/every-pod over folders of manifests, and says how many workloads got their sidecar, why the
// others didn't, and how many warnings are printed. Then it runs documents for all workloads with other patterns, and
// says how many warnings they print. -lines also prints the warnings and skips of every-pod themselves:
//
//	go -C e2e run ./fleet/cmd [-lines] FOLDER...
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/outrigger-dev/outrigger/e2e/fleet"
	"github.com/outrigger-dev/outrigger/e2e/made"
)

func main() {
	lines := flag.Bool("lines", false, "print the warnings and skips, too")
	flag.Parse()
	code, err := checkFolders(flag.Args(), *lines)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// checkFolders checks each folder, and returns the highest exit code.
func checkFolders(folders []string, lines bool) (code int, err error) {
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
	every := filepath.Join(root, "examples/every-pod/sidecars/sidecars.yaml")
	others, err := filepath.Glob(filepath.Join(root, "e2e/fleet/documents/*.yaml"))
	if err != nil {
		return 1, err
	}
	proxies, rest := fleet.NewReport(), fleet.NewReport()
	for _, dir := range folders {
		r, err := fleet.CheckFolder(program, every, dir)
		if err != nil {
			return 1, err
		}
		fmt.Printf("%s: ", dir)
		r.Print(os.Stdout)
		proxies.Add(dir, r)
		for _, document := range others {
			r, err := fleet.CheckFolder(program, document, dir)
			if err != nil {
				return 1, err
			}
			rest.Add(dir+document, r)
		}
	}
	fmt.Print("all folders: ")
	proxies.Print(os.Stdout)
	fmt.Printf("all folders, %d other documents: ", len(others))
	rest.Print(os.Stdout)
	rest.Add(every, proxies)
	fmt.Printf("all folders and documents: warnings per 1,000 served: %.0f\n", rest.PerThousand())
	if lines {
		for _, line := range rest.Lines() {
			fmt.Println(line)
		}
	}
	return rest.Code, nil
}
