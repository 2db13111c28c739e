// Package files reads the manifests that the arguments of a run name, and writes the
// results back: all of them or none.
//
// It reads only regular files, and none outside of the given folders: manifests may come
// from a stranger, for example in a pull request.
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

// maxSize is the largest size of an input in bytes. Real ones are a thousand times
// smaller. A larger one is a sparse file or a stream without an end.
const maxSize = 1 << 30

// maxDocument is the largest size of a Sidecars document in bytes.
const maxDocument = 10 << 20

// A File is one input.
type File struct {
	Name string // the path from an argument, with slashes
	Text string

	place place
	info  fs.FileInfo // when it was read
}

// A Set has the files that the arguments of a run name. A file that is named twice, or
// through a link, is in it once.
type Set struct {
	Files []File
	Notes []string // skipped files, with the reason
}

// A place is the real path of a file below a folder, without symbolic links.
type place struct {
	top string // real path of the folder
	rel string // path from there
}

func (p place) realPath() string { return filepath.Join(p.top, p.rel) }

// parentFolder returns the place of the folder that contains p.
func (p place) parentFolder() place { return place{p.top, filepath.Dir(p.rel)} }

func (p place) childOf(name string) place { return place{p.top, filepath.Join(p.rel, name)} }

// findBelow returns the place of a real path below one of the folders, if there is one.
func findBelow(tops []string, real string) (place, bool) {
	for _, top := range tops {
		rel, err := filepath.Rel(top, real)
		if err == nil && filepath.IsLocal(rel) {
			return place{top, rel}, true
		}
	}
	return place{}, false
}

// Read reads files that are arguments, and in folders all .yaml and .yml files, and .json
// files with an apiVersion, that aren't hidden, nor in a hidden folder. It reports all errors
// at once. What one of the patterns skip matches is left out: they match paths as path.Match
// does, or the end of a path from the name of a folder on.
//
// It follows links inside the given folders, and inside the folder of a link that is an
// argument. A link from there to a file outside is an error, and a link to a folder outside
// is a note. A link to a folder is allowed as an argument.
//
// With inPlace it also removes temporary files of a killed run.
func Read(args []string, inPlace bool, skip ...string) (*Set, error) {
	r := &reader{inPlace: inPlace, skip: skip, matched: map[string]bool{},
		seen: map[string]bool{}, ids: map[identity]bool{}, gone: map[string]bool{}, swept: map[string]bool{}}
	defer r.closeRoot()
	given := make([]string, len(args))
	for i, a := range args {
		real, err := resolveLinks(a)
		if err != nil {
			continue // readArgument reports it
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
	r.reportUnmatched()
	if len(r.errs) == 0 && len(r.set.Files) == 0 {
		r.addError("no .yaml, .yml or .json files with manifests found")
	}
	return &r.set, errors.Join(r.errs...)
}

// resolveLinks returns the absolute path of a file without links.
func resolveLinks(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

// ReadDocument reads the Sidecars document: a file, or a pipe of a shell, as in -c <(...).
// It refuses devices, and more than maxDocument bytes.
func ReadDocument(name string) ([]byte, error) {
	info, err := os.Stat(name) // opening a device may have an effect
	if err != nil {
		return nil, explainError(name, err)
	}
	if !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 {
		return nil, fmt.Errorf("%s: is a %s; give a file with the Sidecars document", showName(name), kindOf(info.Mode()))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, explainError(name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err != nil {
		return nil, explainError(name, err)
	}
	if len(text) > maxDocument {
		return nil, fmt.Errorf("%s: isn't a valid Sidecars document: it has more than %d MB", showName(name), maxDocument>>20)
	}
	return text, nil
}

// kindOf names the kind of a file that isn't regular.
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

// explainError returns an error for people: the file's name from the arguments and the
// reason, without the name of a system call.
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
