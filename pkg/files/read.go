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

// errChanged is the error for a file that another process writes.
var errChanged = errors.New("was changed by another process meanwhile; run it again")

// deepest is how deep folders may be nested in a given one. Real ones are less than ten
// deep. Each level costs a system call for each file below.
const deepest = 100

// reader is the state of one Read.
type reader struct {
	inPlace bool
	skip    []string          // patterns of what is left out
	matched map[string]bool   // by pattern
	tops    []string          // real paths of the given folders
	seen    map[string]bool   // real paths of files and folders that were read
	ids     map[identity]bool // of files with one name; the second path to one is a mount
	swept   map[string]bool   // real paths of folders without leftovers
	gone    map[string]bool   // real paths of removed leftovers
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

// openTop opens a given folder. Nothing outside of it can be reached through it, even if
// another process replaces folders by links meanwhile.
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

// readArgument reads the file or folder of an argument. real is its real path, "" if it has
// none.
func (r *reader) readArgument(arg, real string) {
	if r.isSkipped(arg) {
		return
	}
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
		r.addError("%s: is a %s; give regular files, or no path for standard input",
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

// followLink reads the target of a link, if it's inside one of the folders. A .yaml link must
// not have another kind of target, such as .env: its author must not choose which file
// is printed.
func (r *reader) followLink(tops []string, real, name string) {
	to, inside := findBelow(tops, real)
	if !inside {
		r.addError("%s: is a link to %s, outside of the given folders; "+
			"give that file or its folder, too, or remove the link", showName(name), showName(real))
		return
	}
	if isYAML(name) && !isYAML(real) {
		r.addError("%s: is a link to %s, which isn't a .yaml or .yml file; rename that file, or name it as an argument",
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
		r.addError("%s: folders are nested more than %d deep", showName(name), deepest)
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

// readEntry reads one entry of a folder.
func (r *reader) readEntry(at place, name string, e fs.DirEntry) {
	hidden := strings.HasPrefix(e.Name(), ".")
	switch {
	case r.isSkipped(name):
	case hidden && (e.IsDir() || kubectlReads(name)):
		r.notePassedOver(at, name, e)
	case e.IsDir():
		r.walkFolder(at, name)
	case e.Type()&fs.ModeSymlink != 0:
		if r.readLink(at, name, hidden); !isYAML(name) {
			r.notePassedOver(at, name, e)
		}
	case isYAML(name), kubectlReads(name) && r.mentions(at, "apiVersion"): // others configure all sorts of tools
		r.readFile(at, filepath.ToSlash(name))
	default:
		r.notePassedOver(at, name, e)
	}
}

// readLink reads the target of a link in a folder. A link to a folder outside isn't an error,
// since build tools have such links to their output.
func (r *reader) readLink(at place, name string, hidden bool) {
	real, err := resolveLinks(at.realPath())
	if err != nil {
		if isYAML(name) {
			r.errs = append(r.errs, explainError(name, fmt.Errorf("is a broken link: %w", innerError(err))))
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
			r.addNote("%s: skipped: is a link to the folder %s, outside of the given ones", showName(name), showName(real))
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
		r.addError("%s: has a character in its name that can't be printed; rename it", showName(name))
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

// irregular is the error for a file that isn't regular.
type irregular struct{ mode fs.FileMode }

func (e irregular) Error() string { return "is a " + kindOf(e.mode) }

// readRegular reads a regular file. It fails if another process writes it at the same time.
// It never blocks, as opening a FIFO would.
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
	case info.Size() > maxSize:
		return "", nil, fmt.Errorf("has %d MB, but at most %d are read", info.Size()>>20, maxSize>>20)
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

// isUnchanged reports whether two states are of the same file with the same content.
func isUnchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// innerError returns the reason of an error, without the file's name.
func innerError(err error) error {
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return path.Err
	case err.Error() == "EvalSymlinks: too many links": // filepath has no variable for this error
		return errors.New("it leads to itself")
	}
	return err
}
