package cli

import (
	"os"

	"github.com/spf13/cobra"
)

// findingsFile is the file of --findings-file. It's open from the start, so that a run that can't
// write its findings writes nothing else, and it's changed at the end only.
type findingsFile struct {
	*os.File
	info  os.FileInfo
	isNew bool
}

// openFindingsFile opens the file for findings, if there is one.
func (s *streams) openFindingsFile(c *cobra.Command) error {
	name := s.findings.file
	if name == "" {
		return nil
	}
	_, missing := os.Stat(name)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		s.findings.file = "" // the error is told without it
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s.findings.target = &findingsFile{f, info, missing != nil}
	out, ok := s.out.(*os.File)
	if !ok {
		return nil
	}
	if to, err := out.Stat(); err == nil && to.Mode().IsRegular() && os.SameFile(to, info) {
		return misuseOf(c, "--findings-file is standard output, too", "name another file")
	}
	return nil
}

// refuseInput refuses a file that is read, if findings go there: it would be lost.
func (f *findingsFlags) refuseInput(c *cobra.Command, name string) error {
	if f.target == nil {
		return nil
	}
	if info, err := os.Stat(name); err == nil && os.SameFile(info, f.target.info) {
		return misuseOf(c, "--findings-file is a file that is read: "+name, "name another file")
	}
	return nil
}

// write replaces what the file holds. A pipe or a terminal holds nothing.
func (f *findingsFile) write(text string) error {
	defer f.Close()
	if f.info.Mode().IsRegular() {
		if err := f.Truncate(0); err != nil {
			return err
		}
	}
	_, err := f.WriteString(text)
	return err
}

// discard leaves everything as it was.
func (f *findingsFile) discard() {
	if f == nil {
		return
	}
	f.Close()
	if f.isNew {
		_ = os.Remove(f.Name())
	}
}
