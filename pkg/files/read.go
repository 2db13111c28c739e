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

func (r *reader) addError(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

func (r *reader) addNote(format string, args ...any) {
	r.set.Notes = append(r.set.Notes, fmt.Sprintf(format, args...))
}

func (r *reader) closeRoot() {
	if r.root != nil {
		r.root.Close()
	}
}

// openTop opens a folder that was given. Nothing outside of it can be reached through
// it, even if somebody swaps folders for links meanwhile.
func (r *reader) openTop(top string) (*os.Root, error) {
	if r.root != nil && r.root.Name() == top {
		return r.root, nil
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, err
	}
	r.closeRoot()
	r.root = root
	return root, nil
}

// readArgument reads what one argument names; real is where it leads, "" if nowhere.
func (r *reader) readArgument(arg, real string) {
	link, err := os.Lstat(arg)
	if err != nil || real == "" {
		if r.wasFinished(arg) {
			return
		}
		if err == nil {
			_, err = resolveLinks(arg)
		}
		r.errs = append(r.errs, explainError(arg, err))
		return
	}
	name := filepath.ToSlash(arg)
	info, err := os.Stat(real)
	switch {
	case err != nil:
		r.errs = append(r.errs, explainError(arg, err))
	case info.IsDir():
		r.walkFolder(place{real, "."}, arg)
	case !info.Mode().IsRegular():
		r.addError("%s: is a %s; only regular files are read, and standard input where no path is given",
			showName(arg), kindOf(info.Mode()))
	case link.Mode()&fs.ModeSymlink == 0:
		r.readFile(place{filepath.Dir(real), filepath.Base(real)}, name)
	default:
		own, err := resolveLinks(filepath.Dir(arg))
		if err != nil {
			r.errs = append(r.errs, explainError(arg, err))
			return
		}
		r.followLink(slices.Concat(r.tops, []string{own}), real, name)
	}
}

// followLink reads the file that a link leads to, if it's inside one of the folders.
// A link that calls itself YAML is none to other files there, as .env: who sends
// in a link mustn't choose what is printed.
func (r *reader) followLink(tops []string, real, name string) {
	to, inside := findBelow(tops, real)
	if !inside {
		r.addError("%s: is a link to %s, outside of the folders that were given; "+
			"give that file or its folder too, or take the link away", showName(name), showName(real))
		return
	}
	if isYAML(name) && !isYAML(real) {
		r.addError("%s: is a link to %s, which is no .yaml or .yml file; rename that, or give it itself",
			showName(name), showName(real))
		return
	}
	r.readFile(to, name)
}

// walkFolder reads a folder and those below it, in the order of their names.
func (r *reader) walkFolder(at place, name string) {
	real := at.realPath()
	if r.seen[real] {
		return
	}
	r.seen[real] = true
	if strings.Count(at.rel, string(filepath.Separator)) >= deepest {
		r.addError("%s: folders are nested more than %d deep there", showName(name), deepest)
		return
	}
	entries, err := r.listFolder(at)
	if err != nil {
		r.errs = append(r.errs, explainError(name, err))
		return
	}
	r.sweepLeftovers(at, name, entries)
	for _, e := range entries {
		r.readEntry(at.childOf(e.Name()), filepath.Join(name, e.Name()), e)
	}
}

func (r *reader) listFolder(at place) ([]fs.DirEntry, error) {
	root, err := r.openTop(at.top)
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

// readEntry reads what a folder holds under one name.
func (r *reader) readEntry(at place, name string, e fs.DirEntry) {
	hidden := strings.HasPrefix(e.Name(), ".")
	switch {
	case e.IsDir() && hidden:
		r.notePassedOver(at, name, e)
	case e.IsDir():
		r.walkFolder(at, name)
	case e.Type()&fs.ModeSymlink != 0:
		if r.readLink(at, name, hidden); !isYAML(name) {
			r.notePassedOver(at, name, e)
		}
	case isYAML(name):
		r.readFile(at, filepath.ToSlash(name))
	default:
		r.notePassedOver(at, name, e)
	}
}

// readLink reads what a link in a folder leads to. That a link to a folder outside is
// no error is for build tools: they keep their output there.
func (r *reader) readLink(at place, name string, hidden bool) {
	real, err := resolveLinks(at.realPath())
	if err != nil {
		if isYAML(name) {
			r.errs = append(r.errs, explainError(name, fmt.Errorf("is a link that leads nowhere: %w", innerError(err))))
		}
		return
	}
	info, err := os.Lstat(real)
	switch {
	case err != nil:
		r.errs = append(r.errs, explainError(name, err))
	case !info.IsDir():
		if isYAML(name) {
			r.followLink(r.tops, real, filepath.ToSlash(name))
		}
	case hidden:
	default:
		if to, inside := findBelow(r.tops, real); inside {
			r.walkFolder(to, name)
		} else {
			r.addNote("%s: skipped: is a link to the folder %s, outside of those given", showName(name), showName(real))
		}
	}
}

// readFile reads one file.
func (r *reader) readFile(at place, name string) {
	real := at.realPath()
	if r.seen[real] {
		return
	}
	r.seen[real] = true
	if !isPlainName(name) {
		r.addError("%s: has a character in its name that no report can show; rename it", showName(name))
		return
	}
	if r.inPlace && !r.swept[at.parentFolder().realPath()] {
		entries, err := r.listFolder(at.parentFolder())
		if err != nil {
			r.errs = append(r.errs, explainError(filepath.Dir(name), err))
			return
		}
		r.sweepLeftovers(at.parentFolder(), filepath.Dir(name), entries)
	}
	root, err := r.openTop(at.top)
	if err != nil {
		r.errs = append(r.errs, explainError(name, err))
		return
	}
	text, info, err := readRegular(root, at.rel)
	var odd irregular
	switch {
	case errors.As(err, &odd):
		r.addNote("%s: skipped: is a %s; only regular files are read", showName(name), kindOf(odd.mode))
		return
	case err != nil:
		r.errs = append(r.errs, explainError(name, err))
		return
	}
	if id, links := identifyFile(info); links == 1 {
		if r.ids[id] {
			return
		}
		r.ids[id] = true
	}
	r.set.Files = append(r.set.Files, File{Name: name, Text: text, place: at, info: info})
}

// irregular is the error of reading what isn't a regular file.
type irregular struct{ mode fs.FileMode }

func (e irregular) Error() string { return "is a " + kindOf(e.mode) }

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
	case !info.Mode().IsRegular() || !isUnchanged(before, info):
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
	if after, err := f.Stat(); err != nil || !isUnchanged(info, after) || n != info.Size() {
		return "", nil, errors.Join(err, errChanged)
	}
	return b.String(), info, nil
}

// isUnchanged reports whether two looks at a file saw one file with one content.
func isUnchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// innerError is what is wrong, without the file's name.
func innerError(err error) error {
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return path.Err
	case err.Error() == "EvalSymlinks: too many links": // filepath has no name for it
		return errors.New("it leads to itself")
	}
	return err
}
