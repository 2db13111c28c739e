package made

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A Kpt is a program kpt.
type Kpt struct{ Version, Program string }

// EachKpt runs a test under each kpt: the pinned one first, and installed ones if PATH has other versions.
// While it runs, that one is first in PATH.
func EachKpt(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	kpts, err := FindKpts()
	if err != nil {
		t.Fatal(err)
	}
	for _, kpt := range kpts {
		t.Run(kpt.Version, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Symlink(kpt.Program, filepath.Join(dir, "kpt")); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
			test(t)
		})
	}
}

// FindKpts makes the pinned kpt, and returns it and the installed ones of other versions.
func FindKpts() (kpts []Kpt, err error) {
	bin, err := Make("bin/kpt")
	if err != nil {
		return nil, err
	}
	for _, dir := range append([]string{bin}, filepath.SplitList(os.Getenv("PATH"))...) {
		program, err := exec.LookPath(filepath.Join(dir, "kpt"))
		if err != nil || !filepath.IsAbs(program) {
			continue
		}
		out, err := exec.Command(program, "version").Output()
		if err != nil {
			return nil, err
		}
		version := strings.TrimPrefix(strings.TrimSpace(string(out)), "v")
		if !slices.ContainsFunc(kpts, func(k Kpt) bool { return k.Version == version }) {
			kpts = append(kpts, Kpt{version, program})
		}
	}
	return kpts, nil
}
