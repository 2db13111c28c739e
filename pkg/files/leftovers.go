package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// temporaryName returns the name of the temporary file of another file. It holds the new
// text until all new texts are written, and then the old text until all files are
// swapped. A later run recognises the name.
func temporaryName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return ".outrigger-" + hex.EncodeToString(sum[:8])
}

// backupName returns the name of the copy of a file's old text, for systems that can't swap
// two files.
func backupName(name string) string { return temporaryName(name) + "-old" }

// IsTemporary reports whether a name is that of a temporary file.
func IsTemporary(name string) bool {
	sum, ok := strings.CutPrefix(strings.TrimSuffix(name, "-old"), ".outrigger-")
	b, err := hex.DecodeString(sum)
	return ok && err == nil && len(b) == 8
}

// patience is how long a run waits for another one that writes into the same folder.
// Writing takes milliseconds for each file.
const patience = 10 * time.Second

// errBusy is the error of a run that can't begin to write.
var errBusy = errors.New("another outrigger is writing into this folder; run it again when that one has ended")

// waitForLock locks a folder against other runs until it's closed, or the process ends.
func waitForLock(ctx context.Context, dir *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		locked, err := lockFolder(dir)
		if err != nil || locked {
			return err
		}
		select {
		case <-ctx.Done():
			return errBusy
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// sweepLeftovers removes the temporary files of a killed run from a folder. A running one
// holds the lock of each folder in which it has temporary files.
func (r *reader) sweepLeftovers(at place, name string, entries []fs.DirEntry) {
	real := at.realPath()
	if !r.inPlace || r.swept[real] {
		return
	}
	r.swept[real] = true
	var left []string
	for _, e := range entries {
		if IsTemporary(e.Name()) && e.Type().IsRegular() {
			left = append(left, e.Name())
		}
	}
	if len(left) == 0 {
		return
	}
	if err := r.removeLeftovers(at, left); err != nil {
		r.addError("%s: temporary files of an earlier run can't be removed: %w", showName(name), innerError(err))
	}
}

func (r *reader) removeLeftovers(at place, left []string) error {
	root, err := r.openTop(at.top)
	if err != nil {
		return err
	}
	dir, err := root.OpenFile(at.rel, os.O_RDONLY|onlyFolder, 0)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := waitForLock(context.Background(), dir); err != nil {
		return err
	}
	for _, name := range left {
		switch err := root.Remove(at.childOf(name).rel); {
		case err == nil:
			r.gone[at.childOf(name).realPath()] = true
		case !errors.Is(err, fs.ErrNotExist): // a running one has removed it meanwhile
			return err
		}
	}
	return nil
}

// wasFinished reports whether a killed run has already removed the file of an argument.
// Then this run finishes the work of that one.
func (r *reader) wasFinished(arg string) bool {
	if !r.inPlace {
		return false
	}
	real, err := resolveLinks(filepath.Dir(arg))
	if err != nil {
		return false
	}
	at := place{real, "."}
	if entries, err := r.listFolder(at); err == nil {
		r.sweepLeftovers(at, filepath.Dir(arg), entries)
	}
	return r.gone[at.childOf(temporaryName(filepath.Base(arg))).realPath()]
}
