package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// prepare writes and syncs all that is new, beside what is there.
func (t *transaction) prepare() error {
	for _, f := range t.order {
		if err := f.probe(); err != nil {
			return told(f.name, err)
		}
	}
	return t.writeAll()
}

// atOnce is how many files are written at the same time: a disk syncs several in
// the time of one. Eight took a twentieth of the time on a loaded machine, more no
// less.
const atOnce = 8

// writeAll writes the temporary files of all changes, until one fails.
func (t *transaction) writeAll() error {
	ctx, stop := context.WithCancel(t.ctx)
	defer stop()
	errs := make([]error, len(t.changes))
	next := make(chan int)
	var writers sync.WaitGroup
	for range min(atOnce, len(t.changes)) {
		writers.Go(func() {
			for i := range next {
				if errs[i] = t.changes[i].write(); errs[i] != nil {
					stop()
				}
			}
		})
	}
	for i := range t.changes {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	writers.Wait()
	for i, c := range t.changes { // the first in the order of the files
		if errs[i] != nil {
			return told(c.Name, errs[i])
		}
		if len(c.lost) > 0 {
			t.notes = append(t.notes, fmt.Sprintf("%s: couldn't keep %s", c.Name, strings.Join(c.lost, ", ")))
		}
	}
	return t.told()
}

// told is an error where the run was told to stop.
func (t *transaction) told() error {
	if t.ctx.Err() != nil {
		return errors.New("was told to stop")
	}
	return nil
}

// probe finds out whether the file system can swap two files.
func (f *folder) probe() error {
	a, b := temporary("/1"), temporary("/2") // no file has such a name
	for _, name := range []string{a, b} {
		tmp, err := f.create(f.to(name))
		if err != nil {
			return err
		}
		tmp.Close()
	}
	f.swaps = exchange(f.File, a, b) == nil
	return errors.Join(f.root.Remove(f.to(a)), f.root.Remove(f.to(b)))
}

// free makes a name free for a temporary file: one that was left over since this
// run began to read goes.
func (f *folder) free(rel string) error {
	info, err := f.root.Lstat(rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && info.Mode().IsRegular():
		return f.root.Remove(rel)
	case err == nil:
		return fmt.Errorf("the %s %s is in the way beside it", kind(info.Mode()), filepath.Base(rel))
	}
	return err
}

func (f *folder) create(rel string) (*os.File, error) {
	if err := f.free(rel); err != nil {
		return nil, err
	}
	return f.root.OpenFile(rel, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// write writes the temporary files of one change. One that removes its file has
// none: the file itself gets that name, until all is done.
func (c *change) write() (err error) {
	if c.remove {
		return c.folder.free(c.temp())
	}
	if !c.folder.swaps {
		if _, err := c.lay(c.old(), c.Text); err != nil {
			return err
		}
	}
	c.lost, err = c.lay(c.temp(), c.text)
	return err
}

// lay writes a text into a new file that is like c's own in all but content.
func (c *change) lay(rel, text string) (lost []string, err error) {
	old, err := c.folder.root.OpenFile(c.path(), os.O_RDONLY|neverWait, 0)
	if err != nil {
		return nil, err
	}
	defer old.Close()
	f, err := c.folder.create(rel)
	if err != nil {
		return nil, err
	}
	c.temps = append(c.temps, rel)
	_, err = f.WriteString(text)
	if err == nil {
		lost, err = keep(f, old)
	}
	if err == nil {
		err = f.Sync()
	}
	return lost, errors.Join(err, f.Close())
}

// swap puts the new texts where the old ones are, removes what goes, and sees to
// it that the disk has it all.
func (t *transaction) swap() error {
	for _, removals := range []bool{false, true} { // what goes goes last
		for _, c := range t.changes {
			if c.remove != removals {
				continue
			}
			if err := t.told(); err != nil {
				return err
			}
			if err := c.swap(); err != nil {
				return told(c.Name, err)
			}
		}
	}
	for _, f := range t.order {
		if err := syncFolder(f.File); err != nil {
			return told(f.name, err)
		}
	}
	for _, c := range t.changes { // an editor may have written into it until now
		if at, ok := c.kept(); ok {
			if err := c.untouched(at); err != nil {
				return told(c.Name, err)
			}
		}
	}
	return nil
}

// kept is where the old file itself is after the swap, if it's anywhere.
func (c *change) kept() (rel string, ok bool) { return c.temp(), c.remove || c.folder.swaps }

func (c *change) swap() error {
	if err := untouched(c.folder.root, c.path(), c.File); err != nil {
		return err
	}
	var err error
	switch {
	case c.remove:
		err = c.folder.root.Rename(c.path(), c.temp())
	case c.folder.swaps:
		err = exchange(c.folder.File, temporary(c.base), c.base)
	default: // another's change between the look above and this would be lost
		err = c.folder.root.Rename(c.temp(), c.path())
	}
	if err != nil {
		return err
	}
	if c.done = true; c.remove {
		c.temps = append(c.temps, c.temp())
	}
	if at, ok := c.kept(); ok {
		return c.untouched(at)
	}
	return nil
}

// untouched is an error where what the swap took away isn't what was read. A layered
// file system copies a file when it's renamed first, so its identity may be new.
func (c *change) untouched(rel string) error {
	if untouched(c.folder.root, rel, c.File) == nil {
		return nil
	}
	text, info, err := readRegular(c.folder.root, rel)
	if err == nil && (text != c.Text || !info.ModTime().Equal(c.info.ModTime())) {
		err = errChanged
	}
	return err
}

// undo puts back what was swapped, takes the temporary files away, and says in
// which state the files are.
func (t *transaction) undo() error {
	var stuck []string
	for _, c := range slices.Backward(t.changes) {
		if !c.done {
			continue
		}
		if err := c.back(); err != nil {
			has := "it has its new text"
			if c.remove {
				has = "its old text is in " + temporary(c.base) + " until the next run"
			}
			stuck = append(stuck, fmt.Sprintf("%v; %s", told(c.Name, err), has))
			continue
		}
		c.done = false
	}
	left := t.clear()
	for _, f := range t.order {
		if err := syncFolder(f.File); err != nil {
			left = append(left, told(f.name, err))
		}
	}
	if len(stuck) > 0 {
		return fmt.Errorf("all files are as they were, but for those that can't be put back:\n%s",
			strings.Join(stuck, "\n"))
	}
	return errors.Join(append(left, errors.New("no file was changed"))...)
}

func (c *change) back() error {
	switch {
	case c.remove:
		if _, err := c.folder.root.Lstat(c.path()); err == nil {
			return errors.New("somebody has made it anew")
		}
		return c.folder.root.Rename(c.temp(), c.path())
	case c.folder.swaps:
		return exchange(c.folder.File, temporary(c.base), c.base)
	default:
		return c.folder.root.Rename(c.old(), c.path())
	}
}

// finish takes the old files away.
func (t *transaction) finish() error {
	for _, c := range t.changes {
		c.done = false
	}
	if left := t.clear(); len(left) > 0 {
		return errors.Join(append(left, errors.New("all files are written, but this couldn't be taken away; the next run tries it again"))...)
	}
	return nil
}

// clear takes away the temporary files, those of removed files last: as long as
// one is there, a next run knows that its file was removed by this one. What
// couldn't be put back keeps its own.
func (t *transaction) clear() (errs []error) {
	for _, removals := range []bool{false, true} {
		for _, c := range t.changes {
			if c.done || c.remove != removals {
				continue
			}
			for _, rel := range c.temps {
				if err := c.folder.root.Remove(rel); err != nil && !errors.Is(err, fs.ErrNotExist) {
					errs = append(errs, told(c.Name, err))
				}
			}
		}
	}
	return errs
}
