package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Write writes the new text of each file. It removes a file whose new text is only white
// space, and doesn't touch a file with an equal text. It writes all or none:
//
//  1. It writes nothing if a file has changed since it was read, can't be written, or
//     has a second name (a hard link): systems replace the content of a file at once
//     only by another file, and the second name would keep the old content.
//  2. It writes all new texts beside the files, and syncs them.
//  3. Only then it swaps them with the old ones, which stay until all are swapped.
//
// After any error it swaps back what was swapped, and the error says so. A process that is
// killed leaves each file old or new, and maybe temporary files, which the next run with
// inPlace removes. Owner, group, mode and extended attributes are kept; if the system
// doesn't allow that to this user, there is a note.
func (s *Set) Write(ctx context.Context, texts []string) (notes []string, err error) {
	t := newTransaction(ctx, s, texts)
	defer t.closeAll()
	if len(t.changes) == 0 {
		return nil, nil
	}
	if err := t.lockFolders(); err != nil {
		return nil, nothingChanged(err)
	}
	if err := t.checkAll(s); err != nil {
		return nil, nothingChanged(err)
	}
	err = t.prepareAll()
	if err == nil {
		err = t.swapAll()
	}
	if err != nil {
		return nil, errors.Join(err, t.undoAll())
	}
	return t.notes, t.finishAll()
}

// nothingChanged adds to an error that no file was changed.
func nothingChanged(err error) error { return errors.Join(err, errors.New("no file was changed")) }

// transaction is the state of one Write.
type transaction struct {
	ctx     context.Context
	tops    map[string]*os.Root
	folders map[identity]*folder
	order   []*folder // by path
	changes []*change
	notes   []string
}

func newTransaction(ctx context.Context, s *Set, texts []string) *transaction {
	t := &transaction{ctx: ctx, tops: map[string]*os.Root{}, folders: map[identity]*folder{}}
	for i := range s.Files {
		if f := &s.Files[i]; f.Text != texts[i] {
			t.changes = append(t.changes, &change{File: f, text: texts[i], remove: strings.TrimSpace(texts[i]) == ""})
		}
	}
	return t
}

// folder is a folder into which a run writes. It's locked as long as it's open.
type folder struct {
	*os.File
	name  string // the path from an argument
	root  *os.Root
	rel   string
	swaps bool // two files in it can be swapped at once
}

func (f *folder) pathTo(name string) string { return filepath.Join(f.rel, name) }

// change is the change of one file.
type change struct {
	*File
	text   string
	remove bool
	folder *folder
	base   string   // name in its folder
	lost   []string // metadata that this user may not restore
	temps  []string // paths of existing temporary files, from the root
	done   bool
}

func (c *change) temporaryPath() string { return c.folder.pathTo(temporaryName(c.base)) }

func (c *change) backupPath() string { return c.folder.pathTo(backupName(c.base)) }

func (c *change) ownPath() string { return c.folder.pathTo(c.base) }

func (t *transaction) closeAll() {
	for _, f := range t.order {
		f.Close()
	}
	for _, r := range t.tops {
		r.Close()
	}
}

func (t *transaction) openTop(name string) (*os.Root, error) {
	if r := t.tops[name]; r != nil {
		return r, nil
	}
	r, err := os.OpenRoot(name)
	if err == nil {
		t.tops[name] = r
	}
	return r, err
}

// lockFolders opens and locks all folders, in the order of their paths: two runs never
// wait for each other.
func (t *transaction) lockFolders() error {
	order := slices.Clone(t.changes)
	slices.SortStableFunc(order, func(a, b *change) int { return strings.Compare(a.place.realPath(), b.place.realPath()) })
	known := map[string]*folder{}
	for _, c := range order {
		at := c.place.parentFolder()
		c.base = filepath.Base(c.place.rel)
		if c.folder = known[at.realPath()]; c.folder != nil {
			continue
		}
		name := filepath.Dir(c.Name)
		f, err := t.openFolder(at, name)
		if err != nil {
			return explainError(name, err)
		}
		known[at.realPath()], c.folder = f, f
	}
	return nil
}

func (t *transaction) openFolder(at place, name string) (*folder, error) {
	root, err := t.openTop(at.top)
	if err != nil {
		return nil, err
	}
	dir, err := root.OpenFile(at.rel, os.O_RDONLY|onlyFolder, 0)
	if err != nil {
		return nil, err
	}
	info, err := dir.Stat()
	if err == nil {
		id, _ := identifyFile(info)
		if have := t.folders[id]; have != nil && id != (identity{}) { // another path to the same folder, through a mount
			dir.Close()
			return have, nil
		}
		if id == (identity{}) {
			id.name = at.realPath()
		}
		if err = waitForLock(t.ctx, dir); err == nil {
			f := &folder{File: dir, name: name, root: root, rel: at.rel}
			t.folders[id], t.order = f, append(t.order, f)
			return f, nil
		}
	}
	dir.Close()
	return nil, err
}

// checkAll finds all reasons against the changes before anything is written.
func (t *transaction) checkAll(s *Set) error {
	var errs []error
	for i := range s.Files { // also those that stay: the new texts were made from them
		f := &s.Files[i]
		root, err := t.openTop(f.place.top)
		if err == nil {
			err = checkUntouched(root, f.place.rel, f)
		}
		if err != nil {
			errs = append(errs, explainError(f.Name, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, c := range t.changes {
		if err := t.checkChange(c); err != nil {
			errs = append(errs, explainError(c.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (t *transaction) checkChange(c *change) error {
	if err := checkWritable(c.folder.File, c.base, c.info); err != nil {
		return fmt.Errorf("can't be written: %w", err)
	}
	if _, links := identifyFile(c.info); links > 1 {
		return fmt.Errorf("has %d names (hard links), and the others would keep the old text; "+
			"make it a file of its own first: cp -p it, and mv the copy back", links)
	}
	text, _, err := readRegular(c.folder.root, c.ownPath())
	if err == nil && text != c.Text { // written again within one tick of the clock
		err = errChanged
	}
	return err
}

// checkUntouched returns an error if the file of a name isn't the one that was read.
func checkUntouched(root *os.Root, rel string, f *File) error {
	info, err := root.Lstat(rel)
	if err != nil {
		return err
	}
	if !isUnchanged(info, f.info) {
		return errChanged
	}
	return nil
}
