package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
)

// NearMiss returns hints at workloads that a selection may have missed: at most three, the likeliest first.
func (s *Spec) NearMiss(metas []Meta) []string {
	if len(metas) == 0 {
		return []string{"the input has no workload"}
	}
	var misses []miss
	for i := range metas {
		m := &metas[i]
		for j := range s.Select {
			if near, ok := s.Select[j].findMiss(m); ok {
				misses = append(misses, near)
			}
		}
		if matchesOne(s.Select, m) && matchesOne(s.Exclude, m) {
			misses = append(misses, miss{m.Ref.String() + " is selected, but excluded again", 0})
		}
	}
	slices.SortFunc(misses, func(a, b miss) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.hint, b.hint))
	})
	var hints []string
	for _, m := range slices.Compact(misses) {
		if hints = append(hints, m.hint); len(hints) == 3 {
			break
		}
	}
	if hints == nil {
		hints = []string{"the input has " + someOf(metas)}
	}
	return hints
}

// someOf lists some of the workloads.
func someOf(metas []Meta) string {
	const most = 5
	var all []string
	for i := range metas {
		all = append(all, metas[i].Ref.String())
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if more := len(all) - most; more > 0 {
		all = append(all[:most], fmt.Sprintf("%d more", more))
	}
	return strings.Join(all, ", ")
}

// A miss is a workload that a selector nearly matches.
type miss struct {
	hint string
	far  int // the distance
}

// findMiss returns why the selector doesn't match m, if it nearly does: one field fails, or a second one by a letter or
// two.
func (s *Selector) findMiss(m *Meta) (miss, bool) {
	far, named := 0, s.Name == ""
	var why []string
	c := s.compiled
	if c == nil {
		c, _ = s.compileConditions()
	}
	for _, p := range c.parts {
		if p.pass(m) {
			named = named || p.field == "name"
			continue
		}
		reason, d := p.explainMiss(m)
		why, far = append(why, reason), far+d
	}
	if len(why) == 0 || far > 6 || !named && far > 3 {
		return miss{}, false
	}
	return miss{"there is " + m.Ref.String() + ": " + strings.Join(why, ", "), far}, true
}

// explainMiss returns why p fails for m, and the distance.
func (p *part) explainMiss(m *Meta) (string, int) {
	switch p.field {
	case "name":
		return p.compareSpelling("its name", m.allNames())
	case "kind":
		return p.compareSpelling("its kind", []string{m.Ref.Kind})
	case "namespace":
		return p.compareSpelling("its namespace", m.allNamespaces())
	case "group":
		return fmt.Sprintf("its group is %s, not %s", cmp.Or(m.Ref.Group, "the core"), p.want), 2
	case "version":
		return fmt.Sprintf("its version is %s, not %s", m.Version, p.want), 2
	case "podSelector":
		return "its pods have " + labelsOf(m.podLabels()[0], p.want) + ", not " + p.want, 3
	case "annotationSelector":
		return "its annotations don't match " + p.want, 3
	}
	return "it has " + labelsOf(oneSet(m.Labels)[0], p.want) + ", not " + p.want, 3
}

// compareSpelling compares the value of a selector with the values of a workload. The distance is 1 if only the case
// differs, 2 if the words are similar, and 3 otherwise.
func (p *part) compareSpelling(what string, have []string) (string, int) {
	for _, h := range have {
		if strings.EqualFold(h, p.want) {
			return fmt.Sprintf("%s is written %s, not %s", what, h, p.want), 1
		}
	}
	if n := nearest.Name(p.want, have); n != "" && regexp.QuoteMeta(p.want) == p.want {
		return fmt.Sprintf("%s is %s, not %s", what, n, p.want), 2
	}
	return fmt.Sprintf("%s is %s, not %s", what, have[0], p.want), 3
}

// labelsOf lists the labels that a selector mentions.
func labelsOf(labels map[string]string, selector string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if strings.Contains(selector, k) {
			out = append(out, k+"="+labels[k])
		}
	}
	if out == nil {
		return "no such label"
	}
	return strings.Join(out, ", ")
}
