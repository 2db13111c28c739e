package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// errChanged says that somebody else writes the same files.
var errChanged = errors.New("was changed by somebody else meanwhile; run it again")

// deepest is how deep folders may be nested in one that is given. People's are
// less than ten deep; each step costs a system call for each file below.
const deepest = 100

// reader is the state of one Read.
type reader struct {
	inPlace bool
	tops    []string          // real paths of the folders that were given
	seen    map[string]bool   // real paths of files and folders that were read
	ids     map[identity]bool // of files that have one name only: a second one is the same by a mount
	swept   map[string]bool   // real paths of folders without leftovers
	gone    map[string]bool   // real paths of leftovers that were there
	root    *os.Root          // the last folder opened
	set     Set
	errs    []error
	over    []passedOver
}

func (r *reader) fail(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

func (r *reader) note(format string, args ...any) {
	r.set.Notes = append(r.set.Notes, fmt.Sprintf(format, args...))
}

func (r *reader) close() {
	if r.root != nil {
		r.root.Close()
	}
}

// open opens a folder that was given. Nothing outside of it can be reached through
// it, even if somebody swaps folders for links meanwhile.
func (r *reader) open(top string) (*os.Root, error) {
	if r.root != nil && r.root.Name() == top {
		return r.root, nil
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, err
	}
	r.close()
	r.root = root
	return root, nil
}

// argument reads what one argument names; real is where it leads, "" if nowhere.
func (r *reader) argument(arg, real string) {
	link, err := os.Lstat(arg)
	if err != nil || real == "" {
		if r.finished(arg) {
			return
		}
		if err == nil {
			_, err = resolve(arg)
		}
		r.errs = append(r.errs, told(arg, err))
		return
	}
	name := filepath.ToSlash(arg)
	info, err := os.Stat(real)
	switch {
	case err != nil:
		r.errs = append(r.errs, told(arg, err))
	case info.IsDir():
		r.walk(place{real, "."}, arg)
	case !info.Mode().IsRegular():
		r.fail("%s: is a %s; only regular files are read, and standard input where no path is given",
			shown(arg), kind(info.Mode()))
	case link.Mode()&fs.ModeSymlink == 0:
		r.read(place{filepath.Dir(real), filepath.Base(real)}, name)
	default:
		own, err := resolve(filepath.Dir(arg))
		if err != nil {
			r.errs = append(r.errs, told(arg, err))
			return
		}
		r.follow(slices.Concat(r.tops, []string{own}), real, name)
	}
}

// follow reads the file that a link leads to, if it's inside one of the folders.
// A link that calls itself YAML is none to other files there, as .env: who sends
// in a link mustn't choose what is printed.
func (r *reader) follow(tops []string, real, name string) {
	to, inside := within(tops, real)
	if !inside {
		r.fail("%s: is a link to %s, outside of the folders that were given; "+
			"give that file or its folder too, or take the link away", shown(name), shown(real))
		return
	}
	if yaml(name) && !yaml(real) {
		r.fail("%s: is a link to %s, which is no .yaml or .yml file; rename that, or give it itself",
			shown(name), shown(real))
		return
	}
	r.read(to, name)
}

// walk reads a folder and those below it, in the order of their names.
func (r *reader) walk(at place, name string) {
	real := at.real()
	if r.seen[real] {
		return
	}
	r.seen[real] = true
	if strings.Count(at.rel, string(filepath.Separator)) >= deepest {
		r.fail("%s: folders are nested more than %d deep there", shown(name), deepest)
		return
	}
	entries, err := r.list(at)
	if err != nil {
		r.errs = append(r.errs, told(name, err))
		return
	}
	r.sweep(at, name, entries)
	for _, e := range entries {
		r.entry(at.to(e.Name()), filepath.Join(name, e.Name()), e)
	}
}

func (r *reader) list(at place) ([]fs.DirEntry, error) {
	root, err := r.open(at.top)
	if err != nil {
		return nil, err
	}
	dir, err := root.OpenFile(at.rel, os.O_RDONLY|onlyFolder, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// entry reads what a folder holds under one name.
func (r *reader) entry(at place, name string, e fs.DirEntry) {
	hidden := strings.HasPrefix(e.Name(), ".")
	switch {
	case e.IsDir() && hidden:
		r.passed(at, name, e)
	case e.IsDir():
		r.walk(at, name)
	case e.Type()&fs.ModeSymlink != 0:
		if r.link(at, name, hidden); !yaml(name) {
			r.passed(at, name, e)
		}
	case yaml(name):
		r.read(at, filepath.ToSlash(name))
	default:
		r.passed(at, name, e)
	}
}

// link reads what a link in a folder leads to. That a link to a folder outside is
// no error is for build tools: they keep their output there.
func (r *reader) link(at place, name string, hidden bool) {
	real, err := resolve(at.real())
	if err != nil {
		if yaml(name) {
			r.errs = append(r.errs, told(name, fmt.Errorf("is a link that leads nowhere: %w", inner(err))))
		}
		return
	}
	info, err := os.Lstat(real)
	switch {
	case err != nil:
		r.errs = append(r.errs, told(name, err))
	case !info.IsDir():
		if yaml(name) {
			r.follow(r.tops, real, filepath.ToSlash(name))
		}
	case hidden:
	default:
		if to, inside := within(r.tops, real); inside {
			r.walk(to, name)
		} else {
			r.note("%s: skipped: is a link to the folder %s, outside of those given", shown(name), shown(real))
		}
	}
}

// read reads one file.
func (r *reader) read(at place, name string) {
	real := at.real()
	if r.seen[real] {
		return
	}
	r.seen[real] = true
	if !plain(name) {
		r.fail("%s: has a character in its name that no report can show; rename it", shown(name))
		return
	}
	if r.inPlace && !r.swept[at.folder().real()] {
		entries, err := r.list(at.folder())
		if err != nil {
			r.errs = append(r.errs, told(filepath.Dir(name), err))
			return
		}
		r.sweep(at.folder(), filepath.Dir(name), entries)
	}
	root, err := r.open(at.top)
	if err != nil {
		r.errs = append(r.errs, told(name, err))
		return
	}
	text, info, err := readRegular(root, at.rel)
	var odd irregular
	switch {
	case errors.As(err, &odd):
		r.note("%s: skipped: is a %s; only regular files are read", shown(name), kind(odd.mode))
		return
	case err != nil:
		r.errs = append(r.errs, told(name, err))
		return
	}
	if id, links := identify(info); links == 1 {
		if r.ids[id] {
			return
		}
		r.ids[id] = true
	}
	r.set.Files = append(r.set.Files, File{Name: name, Text: text, place: at, info: info})
}

// irregular is the error of reading what isn't a regular file.
type irregular struct{ mode fs.FileMode }

func (e irregular) Error() string { return "is a " + kind(e.mode) }

// readRegular reads a regular file, which nobody writes at the same time. It never
// waits for anything, as opening a FIFO would.
func readRegular(root *os.Root, rel string) (string, fs.FileInfo, error) {
	before, err := root.Lstat(rel)
	if err != nil {
		return "", nil, err
	}
	if !before.Mode().IsRegular() {
		return "", nil, irregular{before.Mode()}
	}
	f, err := root.OpenFile(rel, os.O_RDONLY|neverWait, 0)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", nil, err
	case !info.Mode().IsRegular() || !same(before, info):
		return "", nil, errChanged
	case info.Size() > MaxSize:
		return "", nil, fmt.Errorf("has %d MB; at most %d are read", info.Size()>>20, MaxSize>>20)
	}
	var b strings.Builder
	b.Grow(int(info.Size()))
	n, err := io.Copy(&b, io.LimitReader(f, info.Size()+1))
	if err != nil {
		return "", nil, err
	}
	if after, err := f.Stat(); err != nil || !same(info, after) || n != info.Size() {
		return "", nil, errors.Join(err, errChanged)
	}
	return b.String(), info, nil
}

// same reports whether two looks at a file saw one file with one content.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// inner is what is wrong, without the file's name.
func inner(err error) error {
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return path.Err
	case err.Error() == "EvalSymlinks: too many links": // filepath has no name for it
		return errors.New("it leads to itself")
	}
	return err
}
