// Package files reads the manifests that the arguments of a run name, and writes
// the results back: all of them or none.
//
// It reads regular files only, and none outside of the folders that were given: a
// manifest may come from a stranger, as a pull request does.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MaxSize is the most bytes that one input may have. Real ones are a thousand
// times smaller; what is larger is a sparse file or a stream without an end.
const MaxSize = 1 << 30

// MaxDocument is the most bytes that a Sidecars document may have.
const MaxDocument = 10 << 20

// A File is one input.
type File struct {
	Name string // as the arguments lead to it, with slashes
	Text string

	place place
	info  fs.FileInfo // of the moment when it was read
}

// A Set is what the arguments of a run name. A file that is reached twice, by a
// link or because it's named twice, is in it once.
type Set struct {
	Files []File
	Notes []string // what was passed over, and why
}

// A place is where a file really is: below a folder that was given, with no
// symbolic link on the way.
type place struct {
	top string // real path of the folder
	rel string // path from there
}

func (p place) realPath() string { return filepath.Join(p.top, p.rel) }

// parentFolder is the place of the folder that holds p.
func (p place) parentFolder() place { return place{p.top, filepath.Dir(p.rel)} }

func (p place) childOf(name string) place { return place{p.top, filepath.Join(p.rel, name)} }

// findBelow is the place of a real path below one of the folders, if it's below any.
func findBelow(tops []string, real string) (place, bool) {
	for _, top := range tops {
		rel, err := filepath.Rel(top, real)
		if err == nil && filepath.IsLocal(rel) {
			return place{top, rel}, true
		}
	}
	return place{}, false
}

// Read reads what the arguments name: files, and in folders all that end in .yaml
// or .yml, but for hidden folders. All that can't be read is an error, at once.
//
// A link is followed to where it leads inside the given folders, or inside the
// folder of a link that is itself an argument; outside, a link to a file is an
// error and one to a folder a note. A link to a folder as argument is that folder.
//
// With inPlace it takes away what a killed run left behind, too.
func Read(args []string, inPlace bool) (*Set, error) {
	r := &reader{inPlace: inPlace, seen: map[string]bool{}, ids: map[identity]bool{},
		gone: map[string]bool{}, swept: map[string]bool{}}
	defer r.closeRoot()
	given := make([]string, len(args))
	for i, a := range args {
		real, err := resolveLinks(a)
		if err != nil {
			continue // told below
		}
		given[i] = real
		if info, err := os.Stat(real); err == nil && info.IsDir() {
			r.tops = append(r.tops, real)
		}
	}
	for i, a := range args {
		r.readArgument(a, given[i])
	}
	r.reportPassedOver()
	if len(r.errs) == 0 && len(r.set.Files) == 0 {
		r.addError("no .yaml or .yml files there")
	}
	return &r.set, errors.Join(r.errs...)
}

// resolveLinks is the real path of a file, absolute and without links.
func resolveLinks(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

// ReadDocument reads the Sidecars document: a file, or a pipe that a shell makes,
// as in -c <(...). It's no device, and has no more than MaxDocument bytes.
func ReadDocument(name string) ([]byte, error) {
	info, err := os.Stat(name) // opening a device may do something
	if err != nil {
		return nil, explainError(name, err)
	}
	if !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 {
		return nil, fmt.Errorf("%s: is a %s; the Sidecars document is a file", showName(name), kindOf(info.Mode()))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, explainError(name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxDocument+1))
	if err != nil {
		return nil, explainError(name, err)
	}
	if len(text) > MaxDocument {
		return nil, fmt.Errorf("%s: has more than %d MB; that is no Sidecars document", showName(name), MaxDocument>>20)
	}
	return text, nil
}

// kindOf names what a file is that isn't regular.
func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "FIFO"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// explainError is an error as people are told: the file by the name that they know, and
// what is wrong with it, without the name of a system call.
func explainError(name string, err error) error {
	if errors.Is(err, errChanged) {
		return fmt.Errorf("%s: %w", showName(name), err)
	}
	for {
		var path *fs.PathError
		var link *os.LinkError
		switch {
		case errors.As(err, &path):
			err = path.Err
		case errors.As(err, &link):
			err = link.Err
		default:
			return fmt.Errorf("%s: %w", showName(name), err)
		}
	}
}

func isYAML(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}
