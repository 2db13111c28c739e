package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/files"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/starter"
)

// A beginning is the command line of init, and what it has found.
type beginning struct {
	pipeline            string
	dir                 string
	pattern, kind, name string

	schema   string     // the name of the schema's file
	files    []rig.File // the manifests of the folder, without what init writes
	apart    []string   // the names of files where init writes
	workload starter.Workload
	document starter.Document
	config   *config.Sidecars
}

// A pipeline is what init can write files for.
type pipeline struct {
	options starter.Options
	own     []string // names in the folder that init writes, which are no manifests
	plan    func(*beginning) (*plan, error)
	next    string // the command that renders the folder %s
	stream  bool   // what is rendered comes on standard input, as the folder has templates
}

var pipelines = map[string]pipeline{
	"kustomize": {options: starter.Options{Function: true, Schema: schemaFile}, own: []string{"sidecars"},
		plan: (*beginning).planKustomize, next: "kustomize build --enable-alpha-plugins --enable-exec %s"},
	"kpt": {options: starter.Options{Local: true, Schema: kptSchemaFile}, own: []string{documentFile, kptSchemaFile},
		plan: (*beginning).planKpt, next: "kpt fn render --allow-exec %s"},
	"argocd": {options: starter.Options{Labels: true, Schema: schemaFile},
		own: []string{documentFile, schemaFile, pluginFile}, plan: (*beginning).planArgoCD,
		next: "(cd %s && outrigger run -c sidecars.yaml -- kustomize build .)"},
	"flux": {options: starter.Options{Schema: schemaFile}, own: []string{"sidecars"}, plan: (*beginning).planFlux,
		next: "kubectl kustomize %s"},
	"helm": {options: starter.Options{Labels: true, Schema: schemaFile}, plan: (*beginning).planHelm, stream: true,
		next: "outrigger install %[1]s/outrigger, helm plugin install %[1]s/outrigger, and " +
			"helm template RELEASE CHART --post-renderer outrigger --post-renderer-args --config=%[1]s/sidecars.yaml"},
}

// Names of files that init writes.
const (
	documentFile = "sidecars.yaml"
	pluginFile   = "plugin.yaml"
	schemaFile   = "sidecars.schema.json"
	// kptSchemaFile has no suffix: kpt takes every .json file of a package for an object.
	kptSchemaFile = "sidecars.schema"
)

func newInit(s *streams) *cobra.Command {
	var b beginning
	names := slices.Sorted(maps.Keys(pipelines))
	c := &cobra.Command{
		Use:                   "init " + strings.Join(names, "|") + " [--pattern NAME] [--kind KIND] [--name NAME] [DIR]",
		DisableFlagsInUseLine: true,
		Short:                 "write the files with which a pipeline adds a first sidecar",
		Long: `Write the files that a pipeline needs to add a sidecar to a workload of DIR, by default the
working folder. The result renders as it is: what can't be added to the workload is an error.
Of a chart, which has templates, what Helm renders is read on standard input.

The workload is the only one in the folder, or that of --kind and --name. The document has its
name and port. A comment "check:" is at each value that only you can know, such as the name of a
Secret; they're also printed. Beside the document lies its schema, which editors read.

  kustomize  the Component sidecars with the document and its guard, and components: of DIR
  kpt        the document in the package, and the function in the Kptfile
  argocd     the document in the app's folder, and the plugin.yaml of the plugin's image
  flux       the document, the Component that outrigger eject makes of it, and components: of DIR
  helm       the document, and the folder of Helm 4's plugin, which outrigger install completes

A kustomization.yaml or Kptfile that is missing is written. To one that is there, a line is added
and nothing else is changed; where that isn't safe, an error says what to add. Other files that
are there stay: one with another content is an error, and then nothing is written.`,
		Example: `  # TLS for the only workload of a folder
  outrigger init kustomize base
  kustomize build --enable-alpha-plugins --enable-exec base

  # an exporter for one of several
  outrigger init kpt --pattern exporter --kind StatefulSet --name redis package

  # for Flux, which runs no functions
  outrigger init flux --pattern waitFor apps/shop

  # for a chart
  helm template shop chart | outrigger init helm --kind Deployment`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return names, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := b.readArguments(c, args, names); err != nil {
				return err
			}
			return b.begin(c, s)
		},
	}
	c.Flags().StringVar(&b.pattern, "pattern", "tlsProxy", "the pattern `NAME`, as outrigger explain lists them")
	c.Flags().StringVar(&b.kind, "kind", "", "the `KIND` of the workload")
	c.Flags().StringVar(&b.name, "name", "", "the `NAME` of the workload")
	_ = c.RegisterFlagCompletionFunc("pattern",
		cobra.FixedCompletions(config.PatternKeys(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (b *beginning) readArguments(c *cobra.Command, args, names []string) error {
	switch {
	case len(args) == 0:
		return misuseOf(c, "no pipeline is given", "it's one of "+strings.Join(names, ", "))
	case !slices.Contains(names, args[0]):
		hint := "it's one of " + strings.Join(names, ", ")
		if near := nearest.Name(args[0], names); near != "" {
			hint = "did you mean " + near
		}
		return misuseOf(c, fmt.Sprintf("there is no pipeline %q", args[0]), hint)
	case len(args) > 2:
		return misuseOf(c, "one folder at a time", "")
	case len(args) == 2 && args[1] == "":
		return misuseOf(c, "the folder has no name", "a variable may be empty; the folder itself is .")
	case !slices.Contains(config.PatternKeys(), b.pattern):
		hint := "outrigger explain lists the patterns"
		if near := nearest.Name(b.pattern, config.PatternKeys()); near != "" {
			hint = "did you mean " + near
		}
		return misuseOf(c, fmt.Sprintf("there is no pattern %q", b.pattern), hint)
	}
	b.pipeline, b.dir = args[0], "."
	if len(args) == 2 {
		b.dir = args[1]
	}
	return nil
}

func (b *beginning) begin(c *cobra.Command, s *streams) error {
	p := pipelines[b.pipeline]
	b.schema = p.options.Schema
	if err := b.readManifests(c, s, p); err != nil {
		return err
	}
	if err := b.findWorkload(); err != nil {
		return err
	}
	if p.stream { // Helm shows no warnings, so the plugin has them as errors
		s.warnings = sidecar.Error
	}
	out, err := b.chooseDocument(s)
	if err != nil {
		return err
	}
	if err := s.tellFindings(out.Findings); err != nil {
		return err
	}
	finish := s.showProgress("adding sidecars to variants")
	plan, err := p.plan(b)
	finish()
	if err != nil {
		return err
	}
	written, err := plan.writeAll()
	if err != nil {
		return err
	}
	for _, path := range written {
		if _, err := fmt.Fprintln(s.out, path); err != nil {
			return err
		}
	}
	s.tellReport(out)
	var notes []string
	for _, check := range b.document.Check {
		notes = append(notes, plan.document+": check "+check)
	}
	s.printer().PrintNotes(append(notes, "render it with: "+fmt.Sprintf(p.next, b.dir)))
	return nil
}

// chooseDocument takes the first document that can be added to the workload. If none can, it's the first, and the
// findings say why: now, and not when it's rendered.
func (b *beginning) chooseDocument(s *streams) (out rig.Output, err error) {
	all, err := starter.WriteDocuments(b.workload, b.pattern, pipelines[b.pipeline].options)
	if err != nil {
		return out, err
	}
	for i, document := range all {
		conf, fs := config.Read([]byte(document.Text), documentFile)
		tried := rig.Run(b.files, conf, rig.Options{})
		tried.Findings = append(fs, tried.Findings...)
		failed := tried.Findings.Failed() || s.warnings == sidecar.Error &&
			slices.ContainsFunc(tried.Findings, func(f sidecar.Finding) bool { return f.Severity == sidecar.Warning })
		if i == 0 || !failed {
			b.document, b.config, out = document, conf, tried
		}
		if !failed {
			break
		}
	}
	return out, nil
}

// readManifests reads the manifests of the folder, or of the stream.
func (b *beginning) readManifests(c *cobra.Command, s *streams, p pipeline) error {
	if p.stream {
		in, err := readInput(c, s, nil, manifestFlags{})
		if fs := (sidecar.Findings)(nil); errors.As(err, &fs) && len(fs) == 1 && fs[0].Code == noInput {
			fs[0].Hint = "pipe what is rendered into it: helm template RELEASE CHART | outrigger init " + b.pipeline
		}
		b.files = in.files
		return err
	}
	info, err := os.Stat(b.dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s isn't a folder; name the one with the manifests", b.dir)
	}
	set, err := files.Read([]string{b.dir}, false)
	if err != nil {
		return err
	}
	s.printer().PrintNotes(set.Notes)
	for _, f := range set.Files {
		name := b.relative(f.Name)
		if top, _, _ := strings.Cut(name, "/"); slices.Contains(p.own, top) {
			b.apart = append(b.apart, name)
			continue
		}
		b.files = append(b.files, rig.File{Name: f.Name, Text: f.Text})
	}
	return nil
}

// relative returns the name of a file from the folder on, with slashes.
func (b *beginning) relative(name string) string {
	rel, err := filepath.Rel(b.dir, filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// path returns the path of a file in the folder.
func (b *beginning) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

// findWorkload chooses the workload that --kind and --name leave.
func (b *beginning) findWorkload() error {
	var texts []*manifest.Text
	var errs []error
	for _, f := range b.files {
		t, err := manifest.Parse(f.Name, f.Text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		texts = append(texts, t)
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	all := starter.FindWorkloads(texts)
	fit := slices.DeleteFunc(slices.Clone(all), func(w starter.Workload) bool {
		return b.kind != "" && w.Ref.Kind != b.kind || b.name != "" && w.Ref.Name != b.name
	})
	if len(fit) == 0 && len(all) > 0 {
		fit = all
	} else if len(fit) == 1 {
		b.workload = fit[0]
		return nil
	}
	var names []string
	for _, w := range fit {
		names = append(names, w.Ref.String())
	}
	where := b.dir
	if pipelines[b.pipeline].stream {
		where = "standard input"
	}
	switch {
	case len(all) == 0:
		return fmt.Errorf("%s has no workload; give the manifests that have it", where)
	case len(all) == 1:
		return fmt.Errorf("%s has no such workload; there is %s", where, names[0])
	}
	return fmt.Errorf("%s: which workload is it; choose it with --kind and --name: %s", where, strings.Join(names, ", "))
}
