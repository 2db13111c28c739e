package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/outrigger-dev/outrigger/pkg/files"
)

// installProgram copies this program into a folder. The copy is written under another name, and
// takes its own when it's whole: the old one may be running, or be started meanwhile.
func installProgram(s *streams, dir string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist): // made here, it would be lost with the container
		return fmt.Errorf("there is no folder %s; make it, or mount the volume there", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s isn't a folder; name the one that the program shall be in", dir)
	}
	path := filepath.Join(dir, "outrigger")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := copyProgram(program, path); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, path)
	return err
}

// copyProgram copies a program, so that the path has the old file or the whole new one.
func copyProgram(from, path string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	return files.Replace(path, 0o755, r)
}
