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

// prepareAll writes and syncs all new texts beside the old files.
func (t *transaction) prepareAll() error {
	for _, f := range t.order {
		if err := f.probeSwap(); err != nil {
			return explainError(f.name, err)
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
				if errs[i] = t.changes[i].writeTemporary(); errs[i] != nil {
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
			return explainError(c.Name, errs[i])
		}
		if len(c.lost) > 0 {
			t.notes = append(t.notes, fmt.Sprintf("%s: couldn't keep %s", c.Name, strings.Join(c.lost, ", ")))
		}
	}
	return t.stopError()
}

// stopError returns an error if the run was interrupted.
func (t *transaction) stopError() error {
	if t.ctx.Err() != nil {
		return errors.New("was interrupted")
	}
	return nil
}

// probeSwap finds out whether the file system can swap two files.
func (f *folder) probeSwap() error {
	a, b := temporaryName("/1"), temporaryName("/2") // no file has such a name
	for _, name := range []string{a, b} {
		tmp, err := f.createFile(f.pathTo(name))
		if err != nil {
			return err
		}
		tmp.Close()
	}
	f.swaps = exchangeFiles(f.File, a, b) == nil
	return errors.Join(f.root.Remove(f.pathTo(a)), f.root.Remove(f.pathTo(b)))
}

// freeName makes a name free for a temporary file: one that was left over since this
// run began to read goes.
func (f *folder) freeName(rel string) error {
	info, err := f.root.Lstat(rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && info.Mode().IsRegular():
		return f.root.Remove(rel)
	case err == nil:
		return fmt.Errorf("the %s %s is in the way beside it", kindOf(info.Mode()), filepath.Base(rel))
	}
	return err
}

func (f *folder) createFile(rel string) (*os.File, error) {
	if err := f.freeName(rel); err != nil {
		return nil, err
	}
	return f.root.OpenFile(rel, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// writeTemporary writes the temporary files of one change. One that removes its file has
// none: the file itself gets that name, until all is done.
func (c *change) writeTemporary() (err error) {
	if c.remove {
		return c.folder.freeName(c.temporaryPath())
	}
	if !c.folder.swaps {
		if _, err := c.copyWithText(c.backupPath(), c.Text); err != nil {
			return err
		}
	}
	c.lost, err = c.copyWithText(c.temporaryPath(), c.text)
	return err
}

// copyWithText writes a text into a new file that is like c's own in all but content.
func (c *change) copyWithText(rel, text string) (lost []string, err error) {
	old, err := c.folder.root.OpenFile(c.ownPath(), os.O_RDONLY|neverWait, 0)
	if err != nil {
		return nil, err
	}
	defer old.Close()
	f, err := c.folder.createFile(rel)
	if err != nil {
		return nil, err
	}
	c.temps = append(c.temps, rel)
	_, err = f.WriteString(text)
	if err == nil {
		lost, err = keepMetadata(f, old)
	}
	if err == nil {
		err = f.Sync()
	}
	return lost, errors.Join(err, f.Close())
}

// swapAll replaces the old texts by the new ones, removes files, and syncs the folders.
func (t *transaction) swapAll() error {
	for _, removals := range []bool{false, true} { // files are removed last
		for _, c := range t.changes {
			if c.remove != removals {
				continue
			}
			if err := t.stopError(); err != nil {
				return err
			}
			if err := c.swapFile(); err != nil {
				return explainError(c.Name, err)
			}
		}
	}
	for _, f := range t.order {
		if err := syncFolder(f.File); err != nil {
			return explainError(f.name, err)
		}
	}
	for _, c := range t.changes { // an editor may have written into it until now
		if at, ok := c.oldFilePath(); ok {
			if err := c.checkSwapped(at); err != nil {
				return explainError(c.Name, err)
			}
		}
	}
	return nil
}

// oldFilePath returns the path of the old file after the swap, if it exists.
func (c *change) oldFilePath() (rel string, ok bool) {
	return c.temporaryPath(), c.remove || c.folder.swaps
}

func (c *change) swapFile() error {
	if err := checkUntouched(c.folder.root, c.ownPath(), c.File); err != nil {
		return err
	}
	var err error
	switch {
	case c.remove:
		err = c.folder.root.Rename(c.ownPath(), c.temporaryPath())
	case c.folder.swaps:
		err = exchangeFiles(c.folder.File, temporaryName(c.base), c.base)
	default: // another's change between the look above and this would be lost
		err = c.folder.root.Rename(c.temporaryPath(), c.ownPath())
	}
	if err != nil {
		return err
	}
	if c.done = true; c.remove {
		c.temps = append(c.temps, c.temporaryPath())
	}
	if at, ok := c.oldFilePath(); ok {
		return c.checkSwapped(at)
	}
	return nil
}

// checkSwapped returns an error if the swapped file isn't the one that was read. A layered
// file system copies a file at the first rename, so its identity may be new.
func (c *change) checkSwapped(rel string) error {
	if checkUntouched(c.folder.root, rel, c.File) == nil {
		return nil
	}
	text, info, err := readRegular(c.folder.root, rel)
	if err == nil && (text != c.Text || !info.ModTime().Equal(c.info.ModTime())) {
		err = errChanged
	}
	return err
}

// undoAll restores the old files, removes the temporary files, and reports the state of
// the files.
func (t *transaction) undoAll() error {
	var stuck []string
	for _, c := range slices.Backward(t.changes) {
		if !c.done {
			continue
		}
		if err := c.swapBack(); err != nil {
			has := "it has its new text"
			if c.remove {
				has = "its old text is in " + temporaryName(c.base) + " until the next run"
			}
			stuck = append(stuck, fmt.Sprintf("%v; %s", explainError(c.Name, err), has))
			continue
		}
		c.done = false
	}
	left := t.removeTemporaries()
	for _, f := range t.order {
		if err := syncFolder(f.File); err != nil {
			left = append(left, explainError(f.name, err))
		}
	}
	if len(stuck) > 0 {
		return fmt.Errorf("all files are as they were, but for those that can't be put back:\n%s",
			strings.Join(stuck, "\n"))
	}
	return errors.Join(append(left, errors.New("no file was changed"))...)
}

func (c *change) swapBack() error {
	switch {
	case c.remove:
		if _, err := c.folder.root.Lstat(c.ownPath()); err == nil {
			return errors.New("another process has created it again")
		}
		return c.folder.root.Rename(c.temporaryPath(), c.ownPath())
	case c.folder.swaps:
		return exchangeFiles(c.folder.File, temporaryName(c.base), c.base)
	default:
		return c.folder.root.Rename(c.backupPath(), c.ownPath())
	}
}

// finishAll removes the old files.
func (t *transaction) finishAll() error {
	for _, c := range t.changes {
		c.done = false
	}
	if left := t.removeTemporaries(); len(left) > 0 {
		return errors.Join(append(left, errors.New(
			"all files are written, but this couldn't be taken away; the next run tries it again"))...)
	}
	return nil
}

// removeTemporaries removes the temporary files, those of removed files last: they show the
// next run that this one has removed the file. A file that couldn't be restored keeps its
// temporary one.
func (t *transaction) removeTemporaries() (errs []error) {
	for _, removals := range []bool{false, true} {
		for _, c := range t.changes {
			if c.done || c.remove != removals {
				continue
			}
			for _, rel := range c.temps {
				if err := c.folder.root.Remove(rel); err != nil && !errors.Is(err, fs.ErrNotExist) {
					errs = append(errs, explainError(c.Name, err))
				}
			}
		}
	}
	return errs
}
