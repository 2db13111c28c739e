package cli

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/report"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// addFindingFlags adds the flags that say what is done with findings.
func addFindingFlags(c *cobra.Command, s *streams) {
	c.Flags().Var(&choiceFlag[sidecar.Severity]{&s.warnings, "warnings", warningKinds}, "warnings",
		"what warnings are: `KIND` is warning, or error, which fails the run")
	_ = c.RegisterFlagCompletionFunc("warnings",
		cobra.FixedCompletions(warningKinds, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().Var(&choiceFlag[report.Format]{&s.findings.format, "format", report.Formats}, "findings",
		"write findings as `FORMAT`: text, json, sarif or github")
	_ = c.RegisterFlagCompletionFunc("findings",
		cobra.FixedCompletions(report.Formats, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().StringVar(&s.findings.file, "findings-file", "",
		"write findings to `FILE`, too: as --findings says, or as SARIF (.sarif) or JSON")
	c.PreRunE = func(c *cobra.Command, _ []string) error { return s.openFindingsFile(c) }
}

// findingsFlags say how findings are written, beside the text for people.
type findingsFlags struct {
	format report.Format // on standard error
	file   string        // where they're written to, too
	target *findingsFile // the same, open; nil without one
	found  sidecar.Findings
}

// isDocument reports whether standard error is one document, so that nothing else may be printed there.
func (f *findingsFlags) isDocument() bool {
	return f.file == "" && (f.format == report.JSON || f.format == report.SARIF)
}

// printsText reports whether findings are printed for people.
func (f *findingsFlags) printsText() bool {
	return f.file != "" || f.format == report.Text || f.format == ""
}

// fileFormat returns the format of the file: the one that is asked for, or that of its name.
func (f *findingsFlags) fileFormat() report.Format {
	switch {
	case f.format != report.Text && f.format != "":
		return f.format
	case strings.HasSuffix(f.file, ".sarif") || strings.HasSuffix(f.file, ".sarif.json"):
		return report.SARIF
	}
	return report.JSON
}

// finishFindings writes all findings of the command, also those of its error, in the form that is asked for.
func (s *streams) finishFindings(failure error, version string) error {
	f := &s.findings
	_, misused := errors.AsType[misuse](failure)
	if misused {
		f.target.discard()
	}
	if misused || f.printsText() {
		text := report.New(s.err, s.color)
		if !errors.Is(failure, errWouldChange) {
			text.PrintError(failure)
		}
	}
	if misused || f.file == "" && f.printsText() {
		return failure
	}
	if fs, ok := errors.AsType[sidecar.Findings](failure); ok {
		f.found = append(f.found, fs...)
	} else if failure != nil && !errors.Is(failure, errWouldChange) {
		for line := range strings.SplitSeq(failure.Error(), "\n") {
			what, hint, _ := strings.Cut(line, "; ")
			f.found.Add(sidecar.Error, report.IO, "", what, hint)
		}
	}
	if f.file == "" {
		_, _ = io.WriteString(s.err, report.FormatFindings(f.found, f.format, version))
		return failure
	}
	err := f.target.write(report.FormatFindings(f.found, f.fileFormat(), version))
	report.New(s.err, s.color).PrintError(err)
	if failure == nil || errors.Is(failure, errWouldChange) && err != nil {
		return err
	}
	return failure
}

// warningKinds are the values of --warnings.
var warningKinds = []string{string(sidecar.Warning), string(sidecar.Error)}
