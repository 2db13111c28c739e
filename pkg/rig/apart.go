package rig

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// askApart asks the patterns of a request what a workload needs, where sidecars of other
// documents stand whose work can't be taken off, as an overlay has changed it. They're asked
// together with those: an exporter must know where a proxy has moved the app. What stands
// there can't follow, so it's an error if it had to.
func (r *run) askApart(q *request, o *manifest.Object, w *sidecar.Workload, out optOut) []outcome {
	others := r.onlyStanding(r.otherDocuments(q, o), o, w, out)
	if len(others) == 0 {
		outcomes := askAll(q, o, w, out)
		r.checkUnknown(q, o, w, out, outcomes)
		r.checkPassed(q, o, w, outcomes)
		return outcomes
	}
	all := slices.Concat(q.from, others)
	sortDocuments(all)
	together, apart := r.requestOf(all), r.requestOf(others)
	outcomes := askAll(together, o, w, out)
	r.checkUnknown(together, o, w, out, outcomes)
	alone := askAll(apart, o, w, out)
	for i := range apart.Spec.Patterns {
		e := &apart.Spec.Patterns[i]
		now := outcomeOf(together, outcomes, e.Name)
		if q.owner[e.Name] == nil && alone[i].Answer != nil && now.Answer != nil &&
			!reflect.DeepEqual(alone[i].Change, now.Change) {
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "documents-apart", Object: o.Ref, File: o.File(),
				Sidecar: e.Name,
				Message: "was added by document " + shownName(apart.owner[e.Name]) + " and depends on what this document " +
					"adds, but was changed in between, so that it can't follow",
				Hint: "list both documents behind what changes their work, such as images and patches"})
		}
	}
	own := make([]outcome, len(q.Spec.Patterns))
	for i := range own {
		own[i] = outcomeOf(together, outcomes, q.Spec.Patterns[i].Name)
	}
	r.checkPassed(q, o, w, own)
	return own
}

// checkPassed reports sidecars in front of apps to which no Service leads, where one leads to a container that
// another document has added: clients go on to the app from there, past the sidecar.
func (r *run) checkPassed(q *request, o *manifest.Object, w *sidecar.Workload, outcomes []outcome) {
	theirs := unknownContainers(q, w, outcomes)
	for i := range outcomes {
		e := &q.Spec.Patterns[i]
		taken := takeoversOf(outcomes[i])
		if len(theirs) == 0 || len(taken) == 0 || !r.isGiven(q.owner[e.Name].Metadata.Name) {
			continue
		}
		if other := findPast(w, theirs, taken); other != "" {
			r.addFindings(r.unknownSidecars(o, e.Name, fmt.Sprintf("is in front of port %d, but Services lead to container %s, "+
				"which another document has added", taken[0].ClientPort(), other)))
		}
	}
}

// findPast returns the name of a container to which a Service leads; "" where one leads to a port that is taken. Ports
// for metrics are an exporter's.
func findPast(w *sidecar.Workload, theirs []*corev1.Container, taken []sidecar.Takeover) (name string) {
	for i := range w.Services {
		for _, port := range w.Services[i].Spec.Ports {
			target := w.TargetPort(port)
			if slices.ContainsFunc(taken, func(t sidecar.Takeover) bool { return t.Reaches(target) }) {
				return ""
			}
			for _, c := range theirs {
				if name == "" && sidecar.DeclaresPort(c, target) && !strings.Contains(port.Name, "metrics") {
					name = c.Name
				}
			}
		}
	}
	return name
}

// checkUnknown reports sidecars that stand on a workload and that nobody has answered for,
// where they matter to those of this run or these matter to them: one has moved the app, or
// connects to the port where it was. Of another document's, nothing is known but their names
// in a pipe, and where a record doesn't keep it; and the workload may skip one since.
func (r *run) checkUnknown(q *request, o *manifest.Object, w *sidecar.Workload, out optOut, outcomes []outcome) {
	theirs := unknownContainers(q, w, outcomes)
	if len(theirs) == 0 {
		return
	}
	moved := *w
	for _, c := range theirs {
		for _, p := range c.Ports {
			if sidecar.IsTCP(p.Protocol) {
				moved.Takeovers = append(moved.Takeovers, sidecar.Takeover{Port: p.ContainerPort, AppPort: noPort})
			}
		}
	}
	asked := askAll(q, o, &moved, out)
	for i := range outcomes {
		e := &q.Spec.Patterns[i]
		if !r.isGiven(q.owner[e.Name].Metadata.Name) {
			continue
		}
		if !reflect.DeepEqual(changeOf(outcomes[i]), changeOf(asked[i])) {
			outcomes[i].findings = nil // they're of a port that another document has taken
			r.addFindings(r.unknownSidecars(o, e.Name,
				"connects to the app, whose port a sidecar of another document has taken over"))
		}
		for _, t := range takeoversOf(outcomes[i]) {
			if name := connectsTo(theirs, t.ClientPort()); t.MovesApp() && name != "" {
				r.addFindings(r.unknownSidecars(o, e.Name, fmt.Sprintf("takes over port %d, to which container %s of another "+
					"document connects", t.Port, name)))
			}
		}
	}
}

// noPort is a port where no app listens.
const noPort = 1

func changeOf(out outcome) *sidecar.Change {
	if out.Answer == nil {
		return nil
	}
	return out.Change
}

func takeoversOf(out outcome) []sidecar.Takeover {
	if out.Answer == nil {
		return nil
	}
	return out.Change.Takeovers
}

func (r *run) unknownSidecars(o *manifest.Object, name, message string) sidecar.Finding {
	hint := "give both documents in one run, as in outrigger inject -c a.yaml -c b.yaml, or write record: always in both"
	if r.isBuild() {
		hint = "write the sidecars of both into one document"
	}
	return sidecar.Finding{Severity: sidecar.Error, Code: "documents-apart", Object: o.Ref, File: o.File(),
		Line: lineOf(o), Sidecar: name, Message: message, Hint: hint}
}

// unknownContainers returns the containers that the workload's marker names and that are of
// no sidecar that was asked for. Where it names a sidecar without a container of that name, it
// may be any but the app's own.
func unknownContainers(q *request, w *sidecar.Workload, outcomes []outcome) (theirs []*corev1.Container) {
	var known sidecar.Marker
	for i := range outcomes {
		if !outcomes[i].skipped {
			known = append(known, sidecar.Mark{Name: q.Spec.Patterns[i].Name})
		}
	}
	marker := sidecar.ParseMarker(markerOf(w))
	nameless := slices.ContainsFunc(marker, func(m sidecar.Mark) bool { return !known.Has(m.Name) && !hasContainer(w, m) })
	for c := range w.AllContainers() {
		mayBe := marker.NamesContainer(c.Name) || nameless && !slices.ContainsFunc(outcomes, func(out outcome) bool {
			return out.serves(c.Name)
		})
		added := slices.ContainsFunc(outcomes, func(out outcome) bool { return out.addsContainer(c.Name) })
		if mayBe && !known.NamesContainer(c.Name) && !added {
			theirs = append(theirs, c)
		}
	}
	return theirs
}

// markerOf returns the names of sidecars that a workload's marker has. Of several pod templates of one object, each has
// one of its own.
func markerOf(w *sidecar.Workload) string {
	if w.IsPart {
		return w.Pod.Annotations[sidecar.PatternsKey]
	}
	return w.Annotations[sidecar.PatternsKey]
}

// hasContainer reports whether a workload has a container that a mark names. Those of custom
// sidecars may have any name.
func hasContainer(w *sidecar.Workload, m sidecar.Mark) bool {
	for c := range w.AllContainers() {
		if sidecar.NamesContainer(m.Name, c.Name) {
			return true
		}
	}
	return false
}

// serves reports whether an answer is for a container of the app.
func (out outcome) serves(name string) bool {
	return out.Answer != nil && slices.ContainsFunc(out.ServedApps(), func(c *corev1.Container) bool {
		return c.Name == name
	})
}

// addsContainer reports whether an answer has a container of a name.
func (out outcome) addsContainer(name string) bool {
	if out.Answer != nil {
		for c := range out.Change.AllContainers() {
			if c.Name == name {
				return true
			}
		}
	}
	return false
}

// connectsTo returns the container that names a port on a loopback address; "" if none does.
func connectsTo(containers []*corev1.Container, port int32) string {
	for _, c := range containers {
		words := slices.Concat(c.Command, c.Args)
		for _, v := range c.Env {
			words = append(words, v.Value)
		}
		for _, host := range []string{"127.0.0.1", "localhost", "[::1]"} {
			address := fmt.Sprintf("%s:%d", host, port)
			if slices.ContainsFunc(words, func(word string) bool { return hasAddress(word, address) }) {
				return c.Name
			}
		}
	}
	return ""
}

// hasAddress reports whether a word has an address, and not one whose port only begins so.
func hasAddress(word, address string) bool {
	for _, rest := range strings.Split(word, address)[1:] {
		if rest == "" || rest[0] < '0' || rest[0] > '9' {
			return true
		}
	}
	return false
}

// outcomeOf returns the outcome of the entry of a name.
func outcomeOf(q *request, outcomes []outcome, name string) outcome {
	i := slices.IndexFunc(q.Spec.Patterns, func(e config.Entry) bool { return e.Name == name })
	return outcomes[i]
}

// otherDocuments returns the documents that a workload remembers and that this run doesn't
// have, where it uses no records.
func (r *run) otherDocuments(q *request, o *manifest.Object) (others []*document) {
	if !r.ignoreCarried || !o.HasCarriedRecord() {
		return nil
	}
	record, damaged := o.ReadRecord()
	if damaged != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(record.Documents)) {
		if r.isGiven(name) {
			continue
		}
		if d := r.readDocument(name, record.Documents[name]); d != nil {
			others = append(others, d)
		}
	}
	return others
}

// onlyStanding returns the documents with the entries whose containers stand in a workload. They
// come from a record that nothing proves: a base may have brought it, and an exporter mustn't
// connect to where a proxy that isn't there would have moved the app.
func (r *run) onlyStanding(others []*document, o *manifest.Object, w *sidecar.Workload, out optOut) []*document {
	if len(others) == 0 {
		return nil
	}
	apart := r.requestOf(others)
	alone := askAll(apart, o, w, out)
	var standing []*document
	for _, d := range others {
		kept := slices.DeleteFunc(d.entries(), func(e *config.Entry) bool {
			return !standsIn(w, outcomeOf(apart, alone, e.Name))
		})
		if len(kept) > 0 {
			standing = append(standing, r.partOf(d, kept))
		}
	}
	return standing
}

// standsIn reports whether a workload has one of the containers of an answer, or the answer has
// none.
func standsIn(w *sidecar.Workload, out outcome) bool {
	if out.Answer == nil {
		return false
	}
	none := true
	for c := range out.Change.AllContainers() {
		for have := range w.AllContainers() {
			if have.Name == c.Name {
				return true
			}
		}
		none = false
	}
	return none
}

// partOf returns a document with some of its entries. It's the same one for all workloads that
// have the same.
func (r *run) partOf(d *document, entries []*config.Entry) *document {
	if len(entries) == len(d.Spec.Patterns) {
		return d
	}
	key := fmt.Sprintf("%p", d)
	part := *d.Sidecars
	part.Spec.Patterns = nil
	for _, e := range entries {
		key += " " + e.Name
		part.Spec.Patterns = append(part.Spec.Patterns, *e)
	}
	if r.parts[key] == nil {
		if r.parts == nil {
			r.parts = map[string]*document{}
		}
		r.parts[key] = &document{Sidecars: &part}
	}
	return r.parts[key]
}
