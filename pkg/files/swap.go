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

// prepareAll writes and syncs all that is new, beside what is there.
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

// stopError is an error where the run was told to stop.
func (t *transaction) stopError() error {
	if t.ctx.Err() != nil {
		return errors.New("was told to stop")
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

// swapAll puts the new texts where the old ones are, removes what goes, and sees to
// it that the disk has it all.
func (t *transaction) swapAll() error {
	for _, removals := range []bool{false, true} { // what goes goes last
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

// oldFilePath is where the old file itself is after the swap, if it's anywhere.
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

// checkSwapped is an error where what the swap took away isn't what was read. A layered
// file system copies a file when it's renamed first, so its identity may be new.
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

// undoAll puts back what was swapped, takes the temporary files away, and says in
// which state the files are.
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
			return errors.New("somebody has made it anew")
		}
		return c.folder.root.Rename(c.temporaryPath(), c.ownPath())
	case c.folder.swaps:
		return exchangeFiles(c.folder.File, temporaryName(c.base), c.base)
	default:
		return c.folder.root.Rename(c.backupPath(), c.ownPath())
	}
}

// finishAll takes the old files away.
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

// removeTemporaries takes away the temporary files, those of removed files last: as long as
// one is there, a next run knows that its file was removed by this one. What
// couldn't be put back keeps its own.
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
