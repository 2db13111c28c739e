// Package made has what the end-to-end tests run, as `make` makes it.
package made

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// FindRoot returns the folder of the Makefile: the working folder, or one above it.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "Makefile")); err == nil || dir == filepath.Dir(dir) {
			return dir, err
		}
	}
	return "", err
}

// Make makes targets of the Makefile, such as "build" and "bin/kustomize", and
// gives the folder of the programs. `go test` runs packages side by side: one
// make at a time.
func Make(targets ...string) (bin string, err error) {
	root, err := FindRoot()
	if err != nil {
		return "", err
	}
	bin = filepath.Join(root, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(filepath.Join(bin, ".lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	cmd := exec.Command("make", append([]string{"--no-print-directory", "-C", root}, targets...)...)
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=") // nothing of the make that runs the tests
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make %s: %w\n%s", strings.Join(targets, " "), err, out)
	}
	return bin, nil
}
