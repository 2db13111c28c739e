package rigtest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// documentsAddUp is law 11: the patterns of a document, split over two or three that are
// run one after the other, in any order and again, give what they do in one run, and what
// one document with all of them does. One that changes or is taken off leaves what the
// others ask for.
func documentsAddUp(t T, c Case) {
	t.Helper()
	entries := c.readSpec(t, c.Config).Patterns
	if len(entries) < 2 {
		return
	}
	s := c.split(t, 2+int(c.Sample/7%2))
	if s.crosses(entries) {
		return // after and before name a sidecar of another document
	}
	all := s.list(func(string) bool { return true })
	one := c.mustRun(t, s.joined(t, c.Config), c.Input)
	sameObject(t, withoutCarried(one), withoutCarried(s.mustRunAll(t, all, "never", c.Input)),
		"law 11: documents in one run are one document")

	if slices.ContainsFunc(all, func(name string) bool {
		out := s.runAll(t, []string{name}, "always", c.Input)
		return out.Findings.Failed() || strings.Contains(strings.ReplaceAll(out.Files()[0].Text, `\`, ""), `"`+name+`":null`)
	}) {
		return // it doesn't work alone; or records keep no passwords, so that such documents have to be given together
	}
	want := s.mustRunAll(t, all, "always", c.Input)
	text := c.Input
	for i := range all {
		next := all[(i+int(c.Sample/11))%len(all)]
		out := s.runAll(t, []string{next}, "always", text)
		require.NoError(t, out.Findings.Err(), "law 11: %s after others", next)
		text = out.Files()[0].Text
	}
	sameButEmits(t, want, text, "law 11: documents one after the other")
	sameButEmits(t, want, s.mustRunAll(t, all[:1], "always", text), "law 11: one of them again")

	first := all[int(c.Sample/13)%len(all)]
	s.shrinkAndGrow(t, all, first, text)
	rest := s.list(func(name string) bool { return name != first })
	if left := s.runAll(t, rest, "always", c.Input); !left.Findings.Failed() {
		back, fs := rig.Strip(c.readFiles(text), first)
		if s.findsPorts(t) && isUnproven(fs) { // the error says to take all off, and to lay the others on again
			back, fs = rig.Strip(c.readFiles(text), "")
			require.NoError(t, fs.Err())
			again := s.runAll(t, rest, "always", back[0].Text)
			back, fs = again.Files(), again.Findings
		}
		require.NoError(t, fs.Err(), "law 11: %s is taken off", first)
		sameButEmits(t, left.Files()[0].Text, back[0].Text, "law 11: what is left of the others")
	}
	back, fs := rig.Strip(c.readFiles(text), "")
	require.NoError(t, fs.Err(), "law 11: all are taken off")
	sameObject(t, c.Input, back[0].Text, "law 11: all are taken off")
}

// shrinkAndGrow takes one pattern out of a document that was laid on with others, and puts it
// in again.
func (s split) shrinkAndGrow(t T, all []string, name, text string) {
	t.Helper()
	var gone string
	less := s
	less.documents = maps.Clone(s.documents)
	less.documents[name] = editSpec(t, s.documents[name], func(spec map[string]any) {
		entries := spec["patterns"].([]any)
		i := int(s.Sample/19) % len(entries)
		gone = s.readSpec(t, s.documents[name]).Patterns[i].Name
		spec["patterns"] = slices.Delete(entries, i, i+1)
	})
	if slices.ContainsFunc(s.readSpec(t, s.Config).Patterns, func(e config.Entry) bool {
		return slices.Contains(slices.Concat(e.After, e.Before), gone)
	}) {
		return
	}
	want := less.runAll(t, all, "always", s.Input)
	if want.Findings.Failed() {
		return
	}
	out := less.runAll(t, []string{name}, "always", text)
	if s.findsPorts(t) && isUnproven(out.Findings) {
		out = less.runAll(t, all, "always", text) // as the error says
	}
	require.NoError(t, out.Findings.Err(), "law 11: %s without %s", name, gone)
	shrunk := out.Files()[0].Text
	sameButEmits(t, want.Files()[0].Text, shrunk, "law 11: one document has one pattern less")
	out = s.runAll(t, []string{name}, "always", shrunk)
	require.NoError(t, out.Findings.Err(), "law 11: %s with %s again", name, gone)
	sameButEmits(t, text, out.Files()[0].Text, "law 11: one document has one pattern more")
}

// findsPorts reports whether there's a proxy that finds its ports. Without a sidecar that takes some of them, it asks
// for more than what stood there, which no record can prove.
func (s split) findsPorts(t T) bool {
	return slices.ContainsFunc(s.readSpec(t, s.Config).Patterns, func(e config.Entry) bool {
		taker, ok := e.Pattern().(sidecar.PortTaker)
		return ok && len(taker.TakenPorts()) == 0
	})
}

func isUnproven(fs sidecar.Findings) bool {
	return slices.ContainsFunc(fs, func(f sidecar.Finding) bool { return f.Code == "document-unproven" })
}

// carried is what functions of one build of kustomize's tell each other of their documents.
// kustomize removes it.
var carried = regexp.MustCompile(`(?:\n *|, ?)?"?internal\.config\.kubernetes\.io/allowKindChange"?: *` +
	`(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")`)

func withoutCarried(text string) string { return carried.ReplaceAllString(text, "") }

// A split is a document whose patterns are spread over several.
type split struct {
	Case
	documents map[string]string // by name, without record
	of        map[string]string // the document of each sidecar
}

// split spreads the patterns over documents. Their names don't follow the order of the
// patterns.
func (c Case) split(t T, parts int) split {
	t.Helper()
	s := split{c, map[string]string{}, map[string]string{}}
	names := []string{"metrics", "platform", "access"}[:parts]
	for part, name := range names {
		docs := decodeYAML(t, c.Config)
		docs[0]["metadata"] = map[string]any{"name": name}
		spec := docs[0]["spec"].(map[string]any)
		var mine []any
		for i, e := range spec["patterns"].([]any) {
			if (i+int(c.Sample/17))%parts == part {
				mine = append(mine, e)
				s.of[c.readSpec(t, c.Config).Patterns[i].Name] = name
			}
		}
		if spec["patterns"] = mine; len(mine) > 0 {
			s.documents[name] = encodeYAML(t, docs)
		}
	}
	return s
}

// crosses reports whether an entry is to stand before or after a sidecar of another
// document.
func (s split) crosses(entries []config.Entry) bool {
	return slices.ContainsFunc(entries, func(e config.Entry) bool {
		return slices.ContainsFunc(slices.Concat(e.After, e.Before), func(name string) bool {
			return s.of[name] != "" && s.of[name] != s.of[e.Name]
		})
	})
}

// list returns the names of the documents that are wanted, in an order of the case.
func (s split) list(wanted func(name string) bool) (names []string) {
	for _, name := range []string{"platform", "access", "metrics"} {
		if s.documents[name] != "" && wanted(name) {
			names = append(names, name)
		}
	}
	if s.Sample/5%2 == 1 {
		slices.Reverse(names)
	}
	return names
}

// joined is one document with all patterns: those of one document in their order, those
// of several by name.
func (s split) joined(t T, conf string) string {
	t.Helper()
	var docs []*config.Sidecars
	for _, name := range s.list(func(string) bool { return true }) {
		docs = append(docs, s.read(t, name, "never"))
	}
	joined, twice := config.Join(docs)
	require.Empty(t, twice)
	place := map[string]int{}
	for i := range joined.Spec.Patterns {
		place[joined.Spec.Patterns[i].Name] = i
	}
	entries := s.readSpec(t, conf).Patterns
	return editSpec(t, conf, func(spec map[string]any) {
		all := spec["patterns"].([]any)
		sorted := make([]any, len(all))
		for i, e := range all {
			sorted[place[entries[i].Name]] = e
		}
		spec["patterns"], spec["record"] = sorted, "never"
	})
}

func (s split) read(t T, name, record string) *config.Sidecars {
	t.Helper()
	text := editSpec(t, s.documents[name], func(spec map[string]any) { spec["record"] = record })
	conf, fs := s.readConfig(text)
	require.NoError(t, fs.Err(), text)
	return conf
}

// runAll runs documents at once.
func (s split) runAll(t T, names []string, record, text string) rig.Output {
	t.Helper()
	var docs []*config.Sidecars
	for _, name := range names {
		docs = append(docs, s.read(t, name, record))
	}
	return rig.RunAll(s.readFiles(text), docs, rig.Options{})
}

func (s split) mustRunAll(t T, names []string, record, text string) string {
	t.Helper()
	out := s.runAll(t, names, record, text)
	require.NoError(t, out.Findings.Err(), "law 11: %s", fmt.Sprint(s.documents))
	return out.Files()[0].Text
}
