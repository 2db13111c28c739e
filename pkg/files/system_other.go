//go:build !linux && !darwin

package files

import (
	"fmt"
	"io/fs"
	"os"
)

const (
	onlyFolder = 0
	neverWait  = 0
)

// identity identifies a file independently of its names.
type identity struct{ name string }

// identifyFile knows nothing: paths tell files apart.
func identifyFile(fs.FileInfo) (id identity, links uint64) { return identity{}, 0 }

// lockFolder locks nothing: two runs at once find out by what changed.
func lockFolder(*os.File) (bool, error) { return true, nil }

// syncFolder does nothing: a folder is no file there.
func syncFolder(*os.File) error { return nil }

func checkWritable(_ *os.File, _ string, info fs.FileInfo) error {
	if info.Mode()&0o200 == 0 {
		return fmt.Errorf("mode %04o", info.Mode().Perm())
	}
	return nil
}

func keepMetadata(f, old *os.File) (lost []string, err error) {
	info, err := old.Stat()
	if err != nil {
		return nil, err
	}
	return nil, f.Chmod(info.Mode().Perm())
}
