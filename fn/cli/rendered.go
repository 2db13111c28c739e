package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/renderer"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func newRun(s *streams) *cobra.Command {
	var documents []string
	c := &cobra.Command{
		Use:                   "run -c FILE... -- COMMAND [ARG...]",
		DisableFlagsInUseLine: true,
		Short:                 "run a renderer, and add sidecars to what it prints",
		Long: `Run a command that renders manifests, and print them with the sidecars of a document.

In a shell pipe, a renderer that fails half-way leaves half of the manifests, and the pipe
succeeds. Here, nothing is printed, and the exit code is 1, if the command fails, is ended
by a signal, prints anything but manifests, or prints no object at all.

The command runs without a shell. It has the environment, but no standard input and no
terminal. Its messages go to standard error. It gets the signals that outrigger gets, and
what it leaves running is ended with it.`,
		Example: `  # what kustomize builds, with sidecars
  outrigger run -c sidecars.yaml -- kustomize build overlay

  # a chart
  outrigger run -c sidecars.yaml -- helm template shop ./chart --values values.yaml

  # with a shell, where one is needed
  outrigger run -c sidecars.yaml -- sh -c 'jsonnet main.jsonnet -V tag="$TAG"'`,
		Args: func(c *cobra.Command, args []string) error {
			switch at := c.ArgsLenAtDash(); {
			case at < 0 && len(args) > 0:
				return misuseOf(c, "the command isn't behind --", "write -- in front of "+args[0])
			case at > 0:
				return misuseOf(c, fmt.Sprintf("takes no arguments before --, but there is %q", args[0]), "")
			case len(args) == 0 || args[0] == "":
				return misuseOf(c, "no command is given", "write it behind --, as in -- kustomize build .")
			}
			return nil
		},
		RunE: func(c *cobra.Command, command []string) error {
			if len(documents) == 0 {
				return misuseOf(c, "no Sidecars document is given", "name it with -c FILE")
			}
			return runRenderer(c, s, documents, command)
		},
	}
	addDocumentsFlag(c, &documents, "a Sidecars document: `FILE`, folder or -; may be repeated (required)")
	addFindingFlags(c, s)
	c.Flags().BoolVarP(&s.quiet, "quiet", "q", false, "print findings, and no report of what each workload got")
	return c
}

// runRenderer runs a command and adds sidecars to what it prints.
func runRenderer(c *cobra.Command, s *streams, documents, command []string) error {
	docs, err := readDocuments(c, s, documents, command[:1])
	if err != nil {
		return err
	}
	said, last := s.err, &lastLine{}
	if s.findings.isDocument() { // nothing else may be printed there
		said = last
	}
	text, err := renderer.Render(said, command[0], command[1:]...)
	if err != nil {
		f := sidecar.Finding{Severity: sidecar.Error, Code: "command-failed", Message: err.Error()}
		if failure, ok := errors.AsType[*renderer.Failure](err); ok {
			f.Hint = failure.Hint
		}
		if said := last.String(); said != "" {
			f.Hint = said
		}
		return sidecar.Findings{f}
	}
	out := rig.RunRendered(text, docs)
	for i := range out.Findings {
		if out.Findings[i].Code == "rendered-other" {
			out.Findings[i].Message = command[0] + ": " + out.Findings[i].Message
		}
	}
	if err := s.tellFindings(out.Findings); err != nil {
		return err
	}
	if _, err := out.Texts[0].WriteTo(s.out); err != nil {
		return err
	}
	s.tellReport(out)
	return nil
}

// lastLine keeps the last line of what is written to it.
type lastLine struct{ text string }

func (l *lastLine) Write(b []byte) (int, error) {
	lines := strings.Split(strings.TrimRight(string(b), "\r\n"), "\n")
	if last := lines[len(lines)-1]; last != "" {
		l.text = last[:min(len(last), 400)]
	}
	return len(b), nil
}

func (l *lastLine) String() string { return strings.TrimSpace(l.text) }
