package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/files"
)

// A plan is what init writes: new files, and last a file of a person that it adds a line to, as that makes the rest
// count.
type plan struct {
	dir      string // the folder that a person has named
	document string // its path
	all      []planned
}

type planned struct{ path, old, text string }

// addFile plans a new file.
func (p *plan) addFile(path, text string) { p.all = append(p.all, planned{path, "", text}) }

// changeFile plans another text for a file that is there.
func (p *plan) changeFile(path, old, text string) { p.all = append(p.all, planned{path, old, text}) }

// writeAll writes all of the plan or nothing, and returns the paths. What is there already, with the same text,
// stays: a run that was killed is completed by the next. A file with another text is a person's, and an error.
func (p *plan) writeAll() (written []string, err error) {
	var todo []planned
	errs := p.findLinks()
	for _, f := range p.all {
		have, err := os.ReadFile(f.path)
		switch {
		case err == nil && string(have) == f.text:
		case err == nil && f.old != "" && string(have) == f.old, errors.Is(err, os.ErrNotExist) && f.old == "":
			todo = append(todo, f)
		case err == nil:
			errs = append(errs, fmt.Errorf("%s is there already, with another content; move it away first", f.path))
		default:
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var undo []func() error
	defer func() {
		for i := len(undo) - 1; err != nil && i >= 0; i-- {
			err = errors.Join(err, undo[i]())
		}
	}()
	for _, f := range todo {
		made, err := makeFolder(filepath.Dir(f.path))
		for _, dir := range made {
			undo = append(undo, func() error { return os.Remove(dir) })
		}
		if err != nil {
			return nil, err
		}
		mode := os.FileMode(0o644)
		if info, err := os.Stat(f.path); err == nil {
			mode = info.Mode().Perm()
		}
		if err := files.Replace(f.path, mode, strings.NewReader(f.text)); err != nil {
			return nil, err
		}
		undo = append(undo, f.undo(mode))
		written = append(written, f.path)
	}
	return written, nil
}

// findLinks reports links on the way from the folder to a file: what is written there would be elsewhere. A file that
// can be read may be a link itself, as it's only compared.
func (p *plan) findLinks() (errs []error) {
	seen := map[string]bool{filepath.Clean(p.dir): true}
	for _, f := range p.all {
		at := f.path
		if _, err := os.Stat(at); err == nil {
			at = filepath.Dir(at)
		}
		for ; !seen[at] && at != filepath.Dir(at); at = filepath.Dir(at) {
			seen[at] = true
			if info, err := os.Lstat(at); err == nil && info.Mode().Type() == os.ModeSymlink {
				errs = append(errs, fmt.Errorf("%s is a link, which may lead elsewhere; move it away first", at))
			}
		}
	}
	return errs
}

// undo returns what takes the writing of a file back.
func (f planned) undo(mode os.FileMode) func() error {
	return func() error {
		if f.old == "" {
			return os.Remove(f.path)
		}
		return files.Replace(f.path, mode, strings.NewReader(f.old))
	}
}

// makeFolder makes a folder and those above it that are missing, and returns those that it made, the outermost first.
func makeFolder(dir string) (made []string, err error) {
	if _, err := os.Stat(dir); err == nil {
		return nil, nil
	}
	if above := filepath.Dir(dir); above != dir {
		if made, err = makeFolder(above); err != nil {
			return made, err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return made, err
	}
	return append(made, dir), nil
}
