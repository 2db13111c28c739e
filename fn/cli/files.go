package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/report"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// manifestFlags are the flags of commands that read manifests and write them.
type manifestFlags struct {
	inPlace   bool
	keepLocal bool
	skip      []string
	diff      bool
	check     bool
	noMatch   noMatch
}

// A noMatch says what it is that nothing is selected, see [rig.Options].
type noMatch string

const (
	noMatchError noMatch = "error"
	noMatchOK    noMatch = "ok"
)

func addNoMatchFlag(c *cobra.Command, f *manifestFlags) {
	kinds := []string{string(noMatchError), string(noMatchOK)}
	c.Flags().Var(&choiceFlag[noMatch]{&f.noMatch, "result", kinds}, "no-match",
		"what a stream of hooks alone, or an empty one, is: `RESULT` is error or ok")
	_ = c.RegisterFlagCompletionFunc("no-match", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
}

func addManifestFlags(c *cobra.Command, f *manifestFlags) {
	c.Flags().BoolVarP(&f.inPlace, "write", "w", false, "write files back in place, instead of to standard output")
	c.Flags().BoolVar(&f.keepLocal, "keep-local", false,
		"of files and folders, also print what no cluster takes, such as values")
	c.Flags().StringArrayVar(&f.skip, "skip", nil, "leave out files and folders that match `GLOB`; may be repeated")
	addChangeFlags(c, f)
}

// input is the input of a run. Its results go to the same files.
type input struct {
	files []rig.File
	set   *files.Set // nil for standard input
}

// noInput is the code of an empty standard input.
const noInput = "no-input"

// readInput reads the files that the arguments name, or standard input without arguments.
func readInput(c *cobra.Command, s *streams, paths []string, flags manifestFlags) (in input, err error) {
	if len(paths) == 0 || len(paths) == 1 && paths[0] == "-" {
		if flags.inPlace {
			return in, misuseOf(c, "-w needs files or folders to write to", "")
		}
		finish := func() {}
		if report.IsTerminal(s.in) {
			s.printer().PrintNotes([]string{"manifests are read from the terminal; " +
				"name files or folders, or end with Ctrl-D"})
		} else {
			finish = s.showProgress("reading manifests")
		}
		text, err := files.ReadStream(s.in)
		finish()
		if errors.Is(err, files.ErrEmpty) && flags.noMatch == noMatchOK {
			err = nil
		}
		if errors.Is(err, files.ErrEmpty) {
			return in, sidecar.Findings{{Severity: sidecar.Error, Code: noInput, Message: err.Error()}}
		}
		return input{files: []rig.File{{Text: text}}}, err
	}
	for _, pattern := range flags.skip {
		if _, err := path.Match(pattern, ""); err != nil {
			return in, misuseOf(c, "--skip "+pattern+" isn't a valid pattern", "close the bracket, or quote it with a backslash")
		}
	}
	finish := s.showProgress("reading manifests")
	set, err := files.Read(paths, flags.inPlace, flags.skip...)
	finish()
	s.printer().PrintNotes(set.Notes)
	if err != nil {
		return in, err
	}
	for _, f := range set.Files {
		if err := s.findings.refuseInput(c, f.Name); err != nil {
			return in, err
		}
		in.files = append(in.files, rig.File{Name: f.Name, Text: f.Text})
	}
	in.set = set
	return in, nil
}

// write writes the results back to their files, or as one stream.
func (in input) write(out []rig.File, flags manifestFlags, s *streams) error {
	if flags.showsChanges() {
		return in.showChanges(out, flags, s)
	}
	if !flags.inPlace {
		if in.set != nil && !flags.keepLocal {
			out = leaveOutLocal(out, s)
		}
		_, err := io.WriteString(s.out, rig.JoinFiles(out))
		return err
	}
	texts := make([]string, len(out))
	for i, f := range out {
		texts[i] = f.Text
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	notes, err := in.set.Write(ctx, texts)
	s.printer().PrintNotes(notes)
	return err
}

// explainBroken adds to errors of files that aren't YAML how to leave such a file out.
func (in input) explainBroken(fs sidecar.Findings) sidecar.Findings {
	for i, f := range fs {
		if in.set != nil && f.Code == "yaml-syntax" && f.Hint == "" {
			what, hint, more := strings.Cut(f.Message, "; ")
			if fs[i].Message = what; more {
				hint += ", or "
			}
			fs[i].Hint = hint + "leave the file out with --skip GLOB if it's a template"
		}
	}
	return fs
}

// leaveOutLocal leaves out what no cluster takes, since someone may pipe the rest into
// kubectl apply, and prints its names.
func leaveOutLocal(out []rig.File, s *streams) []rig.File {
	kept, left := rig.WithoutLocal(out)
	if len(left) > 0 {
		s.printer().PrintNotes([]string{"not printed, as no cluster takes it (--keep-local prints it): " +
			strings.Join(left, ", ")})
	}
	return kept
}
