package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

func newInject(s *streams) *cobra.Command {
	var documents []string
	var flags manifestFlags
	c := &cobra.Command{
		Use:                   "inject -c FILE... [-w] [PATH...]",
		DisableFlagsInUseLine: true,
		Short:                 "add the sidecars of a document to manifests",
		Long: `Add the sidecars of a document to manifests in YAML or JSON: files, folders, or a stream
on standard input. The result is a stream on standard output, or, with -w, the files
themselves. Where anything is wrong, nothing is written. A report on standard error says
what each workload got, and what that requests of the cluster: the pods of its replicas,
or of its HorizontalPodAutoscaler's minReplicas, by what the scheduler counts for each. An
init container counts if it requests more than all that runs after it.

What is printed of files and folders is what a cluster takes: objects with the annotation
config.kubernetes.io/local-config, Sidecars, Kustomization, Kptfile, values and other
documents without a kind are left out, and named on standard error. A stream goes through
whole. Incomplete workloads that a kustomization.yaml among the files names as patches
are left alone.

Helm 4 may call a post-renderer for a chart's hooks alone, and a chart may render nothing.
With --no-match=ok such a stream goes out as it came; anything else of which a document
selects nothing stays an error. As a plugin, with --helm-plugin, an error is exit code 0 and a
document that isn't an object, which Helm 4 refuses: anything else it wouldn't show.

--diff and --check write nothing. With -w, they show what -w would write.

Several documents add up: a workload that they select gets what one document with all
their patterns asks for, whatever their order.`,
		Example: `  # a filter between a renderer and the cluster
  kubectl kustomize . | outrigger inject -c sidecars.yaml | kubectl apply -f -

  # several documents: files, folders, and standard input as -
  outrigger inject -c tls.yaml -c platform/sidecars/ web.yaml

  # a repository with a chart, whose templates aren't YAML
  outrigger inject -c sidecars.yaml -w --skip 'chart/templates' .

  # files in place, with a record, so that strip can undo it
  outrigger inject -c sidecars.yaml -w manifests/

  # see what -w would change
  outrigger inject -c sidecars.yaml -w --diff manifests/

  # in CI: exit with 3 where files aren't what a run makes of them
  outrigger inject -c sidecars.yaml -w --check manifests/`,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(documents) == 0 {
				return misuseOf(c, "no Sidecars document is given", "name it with -c FILE")
			}
			if err := checkHelmPlugin(c, s, paths, flags); err != nil {
				return err
			}
			return inject(c, s, documents, paths, flags)
		},
	}
	addDocumentsFlag(c, &documents, "a Sidecars document: `FILE`, folder or -; may be repeated (required)")
	addManifestFlags(c, &flags)
	addNoMatchFlag(c, &flags)
	addHelmPluginFlag(c, s)
	addFindingFlags(c, s)
	c.Flags().BoolVarP(&s.quiet, "quiet", "q", false, "print findings, and no report of what each workload got")
	return c
}

func addDocumentFlag(c *cobra.Command, document *string, usage string) {
	c.Flags().StringVarP(document, "config", "c", "", usage)
	_ = c.MarkFlagFilename("config", "yaml", "yml", "json")
}

func addDocumentsFlag(c *cobra.Command, documents *[]string, usage string) {
	c.Flags().StringArrayVarP(documents, "config", "c", nil, usage)
	_ = c.MarkFlagFilename("config", "yaml", "yml", "json")
}

// inject adds sidecars to files, folders or a stream. A stream gets no output where
// anything is wrong: someone may pipe it into kubectl apply.
func inject(c *cobra.Command, s *streams, documents, paths []string, flags manifestFlags) error {
	docs, err := readDocuments(c, s, documents, paths)
	if err != nil {
		return err
	}
	in, err := readInput(c, s, paths, flags)
	if err != nil {
		return err
	}
	finish := s.showProgress("adding sidecars")
	out := rig.RunAll(in.files, docs, rig.Options{InPlace: flags.inPlace, NoMatch: flags.noMatch == noMatchOK})
	finish()
	if err := s.tellFindings(in.explainBroken(out.Findings)); err != nil {
		return err
	}
	if in.set == nil && !flags.showsChanges() { // it may be large, so it isn't copied
		err = s.writeStream(in.files[0].Text, out.Texts[0])
	} else {
		err = in.write(out.Files(), flags, s)
	}
	if err != nil && !errors.Is(err, errWouldChange) {
		return err
	}
	s.tellReport(out)
	return err
}

// tellReport prints what each workload got, and what that requests of the cluster.
func (s *streams) tellReport(out rig.Output) {
	if s.quiet {
		return
	}
	s.printer().PrintLines(alignReport(out.Report))
	if out.Total != "" {
		s.printer().PrintLines([]string{out.Total})
	}
}

// readDocument reads one Sidecars document and prints the warnings about it.
func readDocument(s *streams, name string) (*config.Sidecars, error) {
	text, err := files.ReadDocument(name)
	if err != nil {
		return nil, err
	}
	conf, fs := config.Read(text, name)
	return conf, s.tellFindings(fs)
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
