package cli

import (
	"cmp"
	"errors"
	"io"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// errWouldChange is the result of a check that finds a difference. It's no message: the names are printed already.
var errWouldChange = errors.New("files would change")

// addChangeFlags adds the flags of commands that can show what they would do.
func addChangeFlags(c *cobra.Command, f *manifestFlags) {
	c.Flags().BoolVar(&f.diff, "diff", false, "print a unified diff of what would change, and write nothing")
	c.Flags().BoolVar(&f.check, "check", false,
		"print the names of files that would change, write nothing, and exit with 3 if there are any")
}

// showsChanges reports whether the command shows what it would do, and does nothing.
func (f *manifestFlags) showsChanges() bool { return f.diff || f.check }

// showChanges prints how the results differ from the input, in place of the results.
func (in input) showChanges(out []rig.File, flags manifestFlags, s *streams) error {
	var b strings.Builder
	changed := false
	for i, f := range out {
		if f.Text == in.files[i].Text {
			continue
		}
		changed = true
		name := cmp.Or(sidecar.OneLine(f.Name), "-") // standard input
		if !flags.diff {
			b.WriteString(name + "\n")
			continue
		}
		diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: splitLines(in.files[i].Text), B: splitLines(f.Text),
			FromFile: name, ToFile: name, Context: 3})
		if err != nil {
			return err
		}
		b.WriteString(diff)
	}
	if _, err := io.WriteString(s.out, b.String()); err != nil {
		return err
	}
	if changed && flags.check {
		return errWouldChange
	}
	return nil
}

// splitLines returns the lines of a text for a diff. Line breaks are part of the lines.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	last := len(lines) - 1
	if lines[last] == "" {
		return lines[:last]
	}
	lines[last] += "\n\\ No newline at end of file\n"
	return lines
}
