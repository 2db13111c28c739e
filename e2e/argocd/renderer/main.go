// Command renderer takes the place of kustomize where tests want one that fails. ARGOCD_ENV_RENDERER says how.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

func main() {
	manifest, err := os.ReadFile("elasticsearch.yaml")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	switch how := os.Getenv("ARGOCD_ENV_RENDERER"); how {
	case "half":
		fmt.Print(string(manifest[:len(manifest)/2]))
		fmt.Fprintln(os.Stderr, "the disk is full")
		os.Exit(3)
	case "nothing":
	case "log":
		fmt.Println("loading charts")
		fmt.Print(string(manifest))
	case "hang":
		fmt.Print(string(manifest))
		fmt.Fprintln(os.Stderr, "hanging")
		if err := os.WriteFile(os.Getenv("ARGOCD_ENV_NOTE"), fmt.Append(nil, os.Getpid()), 0o644); err != nil {
			panic(err)
		}
		time.Sleep(time.Hour)
	case "environment":
		all := os.Environ()
		slices.Sort(all)
		fmt.Print(string(manifest))
		fmt.Printf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: environment}\ndata:\n  all: %q\n",
			strings.Join(all, "\n"))
	default:
		fmt.Fprintln(os.Stderr, "no such behaviour:", how)
		os.Exit(1)
	}
}
