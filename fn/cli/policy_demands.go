package cli

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/outrigger-dev/outrigger/pkg/admission"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// workloadsOf returns all workloads of a result, as they are named in the cluster.
func (p *policy) workloadsOf(demands []rig.Demand, images *renames) (all []admission.Workload) {
	for _, d := range demands {
		ref := d.Meta.Ref
		if ref.Name = p.prefix + ref.Name; !d.Generated {
			ref.Name += p.suffix
		}
		if p.namespace != "" {
			ref.Namespace = p.namespace
		}
		all = append(all, admission.Workload{Ref: ref, Generated: d.Generated, PodLabels: d.Meta.PodLabels()[0],
			Selector: d.Selector, OptOut: d.OptOut, PodSkips: d.PodSkips, Containers: p.containersOf(d.Containers, images)})
	}
	return all
}

func (p *policy) containersOf(added []rig.Added, images *renames) (all []admission.Container) {
	for _, a := range added {
		c := admission.Container{Name: a.Name, Image: images.rename(a.Image), Init: a.Init}
		if a.Init && a.RestartPolicy != nil {
			c.RestartPolicy = string(*a.RestartPolicy)
		}
		if a.MaySkip {
			c.Sidecar = a.Sidecar
		}
		all = append(all, c)
	}
	return all
}

// labelledOf returns what workloads must have that the documents select by labels, and that aren't among the manifests:
// the containers that all of those have which the document selects.
func (p *policy) labelledOf(docs []*config.Sidecars, demands []rig.Demand, images *renames) (all []admission.Labelled) {
	for _, d := range docs {
		l := admission.Labelled{Namespaces: p.namespacesOf(d, demands)}
		for i := range d.Spec.Select {
			s := &d.Spec.Select[i]
			if s.LabelSelector != "" || s.AnnotationSelector != "" || s.PodSelector != "" {
				l.Select = p.addSelection(l.Select, s)
			}
		}
		for i := range d.Spec.Exclude {
			if s := &d.Spec.Exclude[i]; p.mayExclude(s, demands) {
				l.Exclude = p.addSelection(l.Exclude, s)
			}
		}
		if l.Containers = p.commonContainers(d, demands, images); len(l.Select) > 0 && len(l.Containers) > 0 {
			all = append(all, l)
		}
	}
	return all
}

// mayExclude reports whether a selector can exclude workloads of the namespace that they are applied to. What it says
// of a namespace is about the manifests as they were before, so it's judged by theirs: without that, a document that
// excludes a namespace would exclude everything.
func (p *policy) mayExclude(s *config.Selector, demands []rig.Demand) bool {
	if p.namespace == "" || s.Namespace == "" {
		return true
	}
	before := config.Spec{Exclude: []config.Selector{{Namespace: s.Namespace}}}
	return slices.ContainsFunc(demands, func(d rig.Demand) bool { return before.Excludes(&d.Meta) })
}

// namespacesOf returns the namespaces of the workloads that a document selects; nil if one of them has none.
func (p *policy) namespacesOf(doc *config.Sidecars, demands []rig.Demand) (all []string) {
	if p.namespace != "" {
		return []string{p.namespace}
	}
	for _, d := range demands {
		if !doc.Spec.Selects(&d.Meta) {
			continue
		}
		if d.Meta.Ref.Namespace == "" {
			return nil
		}
		all = append(all, d.Meta.Ref.Namespace)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// commonContainers returns the containers of a document that all workloads have which it selects.
func (p *policy) commonContainers(
	d *config.Sidecars, demands []rig.Demand, images *renames,
) (all []admission.Container) {
	own := map[string]bool{}
	for i := range d.Spec.Patterns {
		own[d.Spec.Patterns[i].Name] = true
	}
	first := true
	for _, demand := range demands {
		group, judged := admission.Kinds()[demand.Meta.Ref.Kind]
		if !judged || group != demand.Meta.Ref.Group || demand.OptOut != "" || !d.Spec.Selects(&demand.Meta) {
			continue
		}
		added := slices.DeleteFunc(slices.Clone(demand.Containers), func(a rig.Added) bool { return !own[a.Sidecar] })
		have := p.containersOf(added, images)
		if first {
			all, first = have, false
			continue
		}
		all = slices.DeleteFunc(all, func(c admission.Container) bool { return !slices.Contains(have, c) })
	}
	return all
}

// addSelection adds a selector of a document, if it matches a kind that is judged.
func (p *policy) addSelection(all []admission.Selection, s *config.Selector) []admission.Selection {
	kinds := config.Spec{Select: []config.Selector{{Group: s.Group, Version: s.Version, Kind: s.Kind}}}
	out := admission.Selection{Namespace: s.Namespace, Labels: parseLabels(s.LabelSelector),
		Annotations: parseLabels(s.AnnotationSelector), PodLabels: parseLabels(s.PodSelector)}
	judged := admission.Kinds()
	for _, kind := range slices.Sorted(maps.Keys(judged)) {
		if kinds.Matches(&config.Meta{Ref: sidecar.Ref{Group: judged[kind], Kind: kind}, Version: "v1"}) {
			out.Kinds = append(out.Kinds, kind)
		}
	}
	if len(out.Kinds) == 0 {
		return all
	}
	if s.Name != "" {
		out.Name = regexp.QuoteMeta(p.prefix) + "(?:" + s.Name + ")" + regexp.QuoteMeta(p.suffix)
	}
	if p.namespace != "" {
		out.Namespace = "" // it's about the manifests as they were before
	}
	return append(all, out)
}

// parseLabels parses a label selector of a document, which was read before; "" selects all.
func parseLabels(text string) labels.Selector {
	if text == "" {
		return nil
	}
	s, err := labels.Parse(text)
	if err != nil {
		return labels.Nothing()
	}
	return s
}

// renames are images that an overlay replaces.
type renames struct {
	to   map[string]string
	used map[string]bool
}

// parseImages parses the images of the command line.
func (p *policy) parseImages(c *cobra.Command) (*renames, error) {
	all := &renames{map[string]string{}, map[string]bool{}}
	for _, pair := range p.images {
		from, to, found := strings.Cut(pair, "=")
		if !found || from == "" || to == "" {
			return nil, misuseOf(c, fmt.Sprintf("--image: %q isn't a valid pair of images", pair),
				"write OLD=NEW, as in docker.io/library/busybox=registry.example.com/busybox")
		}
		all.to[admission.Repository(from)] = to
	}
	return all, nil
}

func (r *renames) rename(image string) string {
	from := admission.Repository(image)
	to, found := r.to[from]
	if !found {
		return image
	}
	r.used[from] = true
	return to
}

// unused returns an error about images that no sidecar has.
func (r *renames) unused() error {
	var fs sidecar.Findings
	for _, from := range slices.Sorted(maps.Keys(r.to)) {
		if !r.used[from] {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "policy-image",
				Message: "no sidecar has the image " + from, Hint: "write it as the sidecar has it, without a tag"})
		}
	}
	if fs == nil {
		return nil
	}
	return fs
}
