package files

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes a file with its permissions, so that the path has the old file or the whole
// new one, whatever happens meanwhile. It replaces a link and writes nothing to where the link
// leads. What a killed run leaves behind is [IsTemporary].
func Replace(path string, mode fs.FileMode, content io.Reader) (err error) {
	temporary := filepath.Join(filepath.Dir(path), temporaryName(filepath.Base(path)))
	_ = os.Remove(temporary) // of a killed run
	w, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = w.Close()
			_ = os.Remove(temporary)
		}
	}()
	for _, step := range []func() error{
		func() error { _, err := io.Copy(w, content); return err },
		func() error { return w.Chmod(mode) },
		w.Sync,
		w.Close,
		func() error { return os.Rename(temporary, path) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
