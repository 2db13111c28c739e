package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/admission"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A policy is the command line of policy.
type policy struct {
	documents  []string
	name       string
	namespace  string
	prefix     string
	suffix     string
	images     []string
	wayOut     string
	only       ruleName
	forbidSkip bool
}

// A ruleName is that of a rule to write; "" means both.
type ruleName string

var ruleNames = []string{admission.WorkloadRule, admission.PodRule}

func newPolicy(s *streams) *cobra.Command {
	var p policy
	c := &cobra.Command{
		Use:                   "policy -c FILE... [PATH...]",
		DisableFlagsInUseLine: true,
		Short:                 "write policies with which a cluster refuses workloads without their sidecars",
		Long: `Write ValidatingAdmissionPolicies and their bindings for the workloads of manifests: what the
documents add to them, the API server demands. A build in which the function was skipped is
refused when it's applied, before anything rolls, and the message names what is missing. No
process runs in the cluster. It must be Kubernetes 1.30 or later.

There are two rules, each a policy of its own:

  workloads  Deployments, StatefulSets, DaemonSets, Jobs and CronJobs, when they are created, and
             when the spec of their pods changes: those among the manifests by kind and name, and
             where a document selects by labels, all others with these labels
  pods       when they are created, by the labels of the workloads among the manifests, whoever
             makes them. Old pods without sidecars run on, but nothing replaces them.

Both look for containers by name, by image repository, and by where they stand: native sidecars,
init containers or ordinary ones. What the manifests get is what the documents give them now: write
the policies again when either changes.

The manifests are those that the documents are for, with or without the sidecars. Where an overlay
changes names, namespace or images after that, say so with flags.

A workload may opt out, as the documents allow: by its own annotation, or that of its pod template.
The rule for pods sees the latter alone. With --forbid-skip, no opt-out counts, and one among the
manifests is an error.`,
		Example: `  # policies first: a new one acts after a second
  kubectl kustomize base | outrigger policy -c sidecars.yaml --namespace search | kubectl apply -f -

  # what an overlay makes of it
  outrigger policy -c sidecars.yaml --namespace prod --name-prefix prod- \
    --image docker.io/nginxinc/nginx-unprivileged=registry.example.com/nginx base/

  # only what is applied, so that old pods without sidecars are replaced as ever
  outrigger policy -c sidecars.yaml --only workloads base/ > policy.yaml`,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(p.documents) == 0 {
				return misuseOf(c, "no Sidecars document is given", "name it with -c FILE")
			}
			return p.writePolicies(c, s, paths)
		},
	}
	addDocumentsFlag(c, &p.documents, "a Sidecars document: `FILE`, folder or -; may be repeated (required)")
	addFindingFlags(c, s)
	p.addFlags(c)
	c.Flags().BoolVarP(&s.quiet, "quiet", "q", false, "print findings, and no report of what each workload got")
	return c
}

func (p *policy) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&p.name, "name", "",
		"the `NAME` of the policies (default: made of the namespace and the names of documents)")
	c.Flags().StringVar(&p.namespace, "namespace", "", "the `NAMESPACE` that the workloads are applied to")
	c.Flags().StringVar(&p.prefix, "name-prefix", "", "the `PREFIX` that an overlay adds to names of workloads")
	c.Flags().StringVar(&p.suffix, "name-suffix", "", "the `SUFFIX` that an overlay adds to names of workloads")
	c.Flags().StringArrayVar(&p.images, "image", nil,
		"what an overlay replaces an image with: `OLD=NEW`; may be repeated")
	c.Flags().StringVar(&p.wayOut, "hint", "", "the `TEXT` at the end of each message, in place of how to build it")
	c.Flags().Var(&choiceFlag[ruleName]{&p.only, "rule", ruleNames}, "only", "write one `RULE` alone: workloads or pods")
	_ = c.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(ruleNames, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().BoolVar(&p.forbidSkip, "forbid-skip", false, "let no workload opt out")
}

// defaultWayOut is the end of each message.
const defaultWayOut = "Build it with outrigger: kustomize build --enable-alpha-plugins --enable-exec, " +
	"or outrigger inject"

func (p *policy) writePolicies(c *cobra.Command, s *streams, paths []string) error {
	images, err := p.parseImages(c)
	if err != nil {
		return err
	}
	if why := p.checkName(); why != "" {
		return misuseOf(c, why, "write lower-case letters, digits, - and .")
	}
	if strings.ContainsAny(p.wayOut, "\r\n") { // it would show the expression instead
		return misuseOf(c, "--hint: a message of the API server can't have several lines", "write one line")
	}
	docs, err := readDocuments(c, s, p.documents, paths)
	if err != nil {
		return err
	}
	in, err := readInput(c, s, paths, manifestFlags{})
	if err != nil {
		return err
	}
	named := true
	for _, d := range docs {
		named = named && d.Metadata.Name != ""
		if p.forbidSkip {
			d.Spec.Skips = config.SkipsForbidden
		}
	}
	// Objects of files that are written back have records, which only such a run reads.
	out := rig.RunAll(in.files, docs, rig.Options{InPlace: named})
	if err := s.tellFindings(in.explainBroken(out.Findings)); err != nil {
		return err
	}
	demands, err := out.Demands()
	if err != nil {
		return err
	}
	workloads := p.workloadsOf(demands, images)
	if why := images.unused(); why != nil {
		return why
	}
	opt := admission.Options{Header: p.header(paths), Name: p.nameOf(docs, workloads),
		WayOut: cmp.Or(p.wayOut, defaultWayOut), Rules: p.rules()}
	text, fs := admission.Write(workloads, p.labelledOf(docs, demands, images), opt)
	fs = append(p.findings(docs, demands), fs...)
	if err := s.tellFindings(fs); err != nil {
		return err
	}
	if _, err := io.WriteString(s.out, text); err != nil {
		return err
	}
	s.tellReport(out)
	if !s.quiet {
		s.printer().PrintNotes(notesOf(fs))
	}
	return nil
}

// notesOf returns findings that are worth knowing, and that aren't printed as findings.
func notesOf(fs sidecar.Findings) (notes []string) {
	for _, f := range fs {
		if f.Severity == sidecar.Info {
			notes = append(notes, f.String())
		}
	}
	return notes
}

func (p *policy) rules() []string {
	if p.only != "" {
		return []string{string(p.only)}
	}
	return ruleNames
}

// checkName returns what is wrong with names of the command line, or "".
func (p *policy) checkName() string {
	for _, f := range []struct {
		flag, value string
		check       func(string) []string
	}{
		{"--name", p.name, validation.IsDNS1123Subdomain},
		{"--namespace", p.namespace, validation.IsDNS1123Label},
		{"--name-prefix", p.prefix, func(s string) []string { return validation.IsDNS1123Subdomain(s + "x") }},
		{"--name-suffix", p.suffix, func(s string) []string { return validation.IsDNS1123Subdomain("x" + s) }},
	} {
		if f.value != "" && len(f.check(f.value)) > 0 {
			return fmt.Sprintf("%s: %q isn't a valid name", f.flag, f.value)
		}
	}
	return ""
}

// header says how the policies were made.
func (p *policy) header(paths []string) string {
	words := []string{"outrigger policy"}
	add := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" {
				words = append(words, flag, v)
			}
		}
	}
	add("-c", p.documents...)
	add("--name", p.name)
	add("--namespace", p.namespace)
	add("--name-prefix", p.prefix)
	add("--name-suffix", p.suffix)
	add("--image", p.images...)
	add("--only", string(p.only))
	if p.forbidSkip {
		words = append(words, "--forbid-skip")
	}
	words = append(words, paths...)
	return "# Written by: " + sidecar.OneLine(strings.Join(words, " ")) + "\n# Write it again when a document or the " +
		"manifests change.\n"
}

// nameOf returns the name of the policies: policies for another namespace, or of other documents, have another.
func (p *policy) nameOf(docs []*config.Sidecars, workloads []admission.Workload) string {
	if p.name != "" {
		return p.name
	}
	parts := []string{"outrigger"}
	if in := namespacesOf(workloads); len(in) == 1 {
		parts = append(parts, in[0])
	}
	var names []string
	for _, d := range docs {
		names = append(names, strings.ToLower(d.Metadata.Name))
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if len(validation.IsDNS1123Subdomain(name)) > 0 {
			name = sidecar.Label(name)
		}
		parts = append(parts, name)
	}
	return strings.Trim(strings.Join(parts, "-"), "-.")
}

// namespacesOf returns the namespaces of workloads with containers to look for; nil if one of them has none.
func namespacesOf(workloads []admission.Workload) (all []string) {
	for _, w := range workloads {
		if len(w.Containers) == 0 {
			continue
		}
		if w.Ref.Namespace == "" {
			return nil
		}
		all = append(all, w.Ref.Namespace)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// findings returns what people should know about policies for these workloads.
func (p *policy) findings(docs []*config.Sidecars, demands []rig.Demand) (fs sidecar.Findings) {
	for _, d := range docs {
		if v := d.Spec.Kubernetes(); !v.AtLeast(admission.OldestKubernetes.Major, admission.OldestKubernetes.Minor) {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Warning, Code: "policy-version", Field: "spec.kubernetesVersion",
				Message: fmt.Sprintf("is %s, and policies need Kubernetes %s", v, admission.OldestKubernetes),
				Hint:    "apply them to newer clusters alone"})
		}
	}
	everywhere := false
	for _, d := range demands {
		if len(d.Bare) > 0 {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Info, Code: "policy-bare", Object: d.Meta.Ref,
				Message: "gets no container of " + strings.Join(d.Bare, ", ") + ", so no policy demands that"})
		}
		everywhere = everywhere || len(d.Containers) > 0 && d.Meta.Ref.Namespace == "" && p.namespace == ""
	}
	if everywhere {
		fs = append(fs, sidecar.Finding{Severity: sidecar.Info, Code: "policy-namespaces",
			Message: "the manifests have no namespace, so workloads of these names are judged in every one",
			Hint:    "name it with --namespace"})
	}
	return fs
}
