package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/report"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

func newInject(s *streams) *cobra.Command {
	var document string
	var inPlace bool
	c := &cobra.Command{
		Use:                   "inject -c FILE [-w] [PATH...]",
		DisableFlagsInUseLine: true,
		Short:                 "add the sidecars of a document to manifests",
		Long: `Add the sidecars of a document to manifests: files, folders, or a stream on standard
input. The result is a stream on standard output, or, with -w, the files themselves.
If anything is wrong, nothing is written. A report on standard error lists what each
workload got.`,
		Example: `  # a filter between a renderer and the cluster
  kubectl kustomize . | outrigger inject -c sidecars.yaml | kubectl apply -f -

  # write files in place, with a record for strip
  outrigger inject -c sidecars.yaml -w manifests/

  # see what would change
  outrigger inject -c sidecars.yaml web.yaml | diff web.yaml -`,
		RunE: func(c *cobra.Command, paths []string) error {
			if document == "" {
				return misuseOf(c, "no Sidecars document is given", "name it with -c FILE")
			}
			return inject(c, s, document, paths, inPlace)
		},
	}
	addDocumentFlag(c, &document, "the Sidecars document: `FILE` (required)")
	addWriteFlag(c, &inPlace)
	return c
}

func addDocumentFlag(c *cobra.Command, document *string, usage string) {
	c.Flags().StringVarP(document, "config", "c", "", usage)
	_ = c.MarkFlagFilename("config", "yaml", "yml", "json")
}

func addWriteFlag(c *cobra.Command, inPlace *bool) {
	c.Flags().BoolVarP(inPlace, "write", "w", false, "write files back in place, instead of to standard output")
}

// inject adds sidecars to files, folders or a stream. If anything is wrong, a stream has no output, since someone may
// pipe it into kubectl apply.
func inject(c *cobra.Command, s *streams, document string, paths []string, inPlace bool) error {
	p := s.printer()
	conf, err := readDocument(p, document)
	if err != nil {
		return err
	}
	in, err := readInput(c, s, paths, inPlace)
	if err != nil {
		return err
	}
	out := rig.Run(in.files, conf, rig.Options{InPlace: inPlace})
	if out.Findings.Failed() {
		return out.Findings
	}
	p.PrintFindings(out.Findings)
	if len(out.Texts) == 1 && !inPlace { // it may be large, so it isn't copied
		_, err = out.Texts[0].WriteTo(s.out)
	} else {
		err = in.write(out.Files(), inPlace, s)
	}
	if err != nil {
		return err
	}
	p.PrintLines(alignReport(out.Report))
	return nil
}

// readDocument reads the Sidecars document and prints the warnings about it.
func readDocument(p *report.Printer, name string) (*config.Sidecars, error) {
	text, err := files.ReadDocument(name)
	if err != nil {
		return nil, err
	}
	conf, fs := config.Read(text, name)
	if fs.Failed() {
		return nil, fs
	}
	p.PrintFindings(fs)
	return conf, nil
}

// alignReport aligns the lines of a report about many workloads.
func alignReport(report []string) []string {
	if len(report) <= 3 {
		return report
	}
	width := 0
	for _, line := range report {
		who, _, _ := strings.Cut(line, ": ")
		width = max(width, len(who)+1)
	}
	lines := make([]string, len(report))
	for i, line := range report {
		who, what, _ := strings.Cut(line, ": ")
		lines[i] = fmt.Sprintf("%-*s %s", width, who+":", what)
	}
	return lines
}
