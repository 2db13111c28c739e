package rig

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// decideRecord finds out whether objects must remember what is laid on them. They do so
// under the names of the documents.
func (r *run) decideRecord(opt Options) bool {
	wants := func(w config.Record) bool {
		return slices.ContainsFunc(r.docs, func(d *document) bool { return d.Spec.Record == w })
	}
	inPlace := opt.InPlace || slices.ContainsFunc(r.texts, (*manifest.Text).IsWrittenBack)
	r.record = wants(config.RecordAlways) || (wants(config.RecordAuto) || wants("")) && inPlace
	for _, d := range r.docs {
		if r.record && d.Metadata.Name == "" {
			r.addAbout(d, sidecar.Finding{Severity: sidecar.Error, Code: "missing-field", Field: "metadata.name",
				Message: "is missing",
				Hint:    "add a name, as the record of what was added, which files need to be written back, has it"})
			return false
		}
	}
	if r.carry = !r.record && !r.ignoreCarried && r.isBuild(); r.carry {
		r.nameByContent()
	}
	return true
}

// nameByContent gives the documents names that differ where their content does: in one build
// of kustomize's, two Components may have documents of one name, and neither replaces the
// other.
func (r *run) nameByContent() {
	for _, d := range r.docs {
		named := *d.Sidecars
		raw, _ := json.Marshal(named.Spec) // what was read can be written
		sum := sha256.Sum256(raw)
		named.Metadata.Name += "/" + hex.EncodeToString(sum[:4])
		d.Sidecars = &named
	}
	sortDocuments(r.docs)
	clear(r.requests)
	r.all = r.requestOf(r.docs)
}

// shownName is the name of a document as its author knows it.
func shownName(d *document) string {
	name, _, _ := strings.Cut(d.Metadata.Name, "/")
	return name
}

// remembers reports whether objects remember what is laid on them, if only for the time of
// a build of kustomize's.
func (r *run) remembers() bool { return r.record || r.carry }

// isBuild reports whether kustomize runs the function.
func (r *run) isBuild() bool {
	return slices.ContainsFunc(r.texts, func(t *manifest.Text) bool {
		return t.IsResourceList() && slices.ContainsFunc(t.Objects, func(o *manifest.Object) bool {
			defer o.Release()
			return o.ByKustomize()
		})
	})
}

// A recorded object is one that remembers what was laid on it.
type recorded struct {
	object *manifest.Object
	*manifest.Record
}

// stripEarlierRun takes off what was laid on before for the workloads of this run: what
// follows works on the texts as a person wrote them. Documents that aren't given are read
// from the records of these workloads, as what they ask for is laid on again.
func (r *run) stripEarlierRun() bool {
	all := r.readRecords()
	if len(all) == 0 || r.findings.Failed() {
		return !r.findings.Failed()
	}
	undone := r.chooseUndone(all)
	if r.carry && !r.emittedAsWritten(all) {
		return false
	}
	r.stood, r.remembered = map[sidecar.Ref]*manifest.Object{}, map[sidecar.Ref][]*document{}
	r.others = map[string]bool{}
	for _, o := range all {
		if undone[o.object] {
			r.stood[o.object.Ref] = o.object
			r.rememberDocuments(o)
			continue
		}
		for name := range o.Documents {
			r.others[name] = true
		}
	}
	r.findAbsent(all)
	if r.findings.Failed() {
		return false
	}
	r.texts = slices.Clone(r.texts)
	for i, t := range r.texts {
		bare, fs := manifest.Strip(t, func(o *manifest.Object) bool { return undone[o] }, func(string) bool { return false })
		if r.addFindings(fs...); !fs.Failed() {
			r.texts[i] = bare.Reread()
		}
	}
	numberGenerated(r.texts)
	return !r.findings.Failed()
}

// readRecords returns the objects that have records.
func (r *run) readRecords() (all []recorded) {
	for _, t := range r.texts {
		if !t.MayHaveRecords() {
			continue
		}
		for _, o := range t.Objects {
			if o.HasCarriedRecord() != r.carry {
				continue
			}
			record, damaged := o.ReadRecord()
			switch {
			case damaged != nil:
				r.addFindings(*damaged)
			case record != nil:
				all = append(all, recorded{o, record})
			}
		}
	}
	return all
}

// emittedAsWritten reports whether all objects that other functions of the build emitted
// have the content that they were given. An overlay may have patched them.
func (r *run) emittedAsWritten(all []recorded) bool {
	others := map[string]bool{}
	for _, o := range all {
		for name := range o.Documents {
			others[name] = true
		}
	}
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if document, _ := o.WrittenFor(); others[document] && !o.IsAsWritten() {
				r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "changed-by-hand", Object: o.Ref,
					Message: "was changed since outrigger wrote it"})
				return false
			}
		}
	}
	return true
}

// prunes reports whether what was emitted for a document and isn't wanted any more is removed.
func (r *run) prunes(document string) bool { return r.isBy(document) && !r.others[document] }

// isPruned reports whether an object that outrigger wrote is removed where it isn't wanted
// any more.
func (r *run) isPruned(o *manifest.Object) bool {
	document, _ := o.WrittenFor()
	return r.remembers() && r.prunes(document)
}

// sharedDocuments are the documents of a record, as far as all workloads that have one are taken
// off together. What a document emitted for one of them is only told from what nobody wants any
// more if all are laid on again. A build of kustomize's keeps what it isn't sure of, as overlays
// may have changed the others; see isPruned.
func (r *run) sharedDocuments(record *manifest.Record) (keys []string) {
	if r.record {
		for name := range record.Documents {
			keys = append(keys, "document "+name)
		}
	}
	return keys
}

// mostPasses is how often a run begins again with some more objects to take an earlier run
// off. Then it's taken off all: whoever writes manifests can write a chain of any length.
const mostPasses = 4

// chooseUndone chooses the objects of which an earlier run is taken off: workloads that this
// run serves, or served before, and all that was changed for these. Where an object was
// changed for another workload, too, that one is laid on anew with them.
func (r *run) chooseUndone(all []recorded) map[*manifest.Object]bool {
	undone := map[*manifest.Object]bool{}
	of := map[string][]recorded{} // by the workloads that they are, or were changed for
	queue := append(r.selectedNames(), r.alsoUndone...)
	for _, o := range all {
		name := recordedName(o.object.Ref)
		for _, w := range slices.Concat([]string{name}, o.Workloads, r.sharedDocuments(o.Record)) {
			of[w] = append(of[w], o)
		}
		if r.servedBefore(o.Record) {
			queue = append(queue, name)
		}
		saysOfNobody := len(o.Documents)+len(o.Workloads) == 0
		undone[o.object] = saysOfNobody || r.passes >= mostPasses
	}
	seen := map[string]bool{}
	for len(queue) > 0 {
		name := queue[len(queue)-1]
		if queue = queue[:len(queue)-1]; seen[name] {
			continue
		}
		seen[name] = true
		for _, o := range of[name] {
			if undone[o.object] {
				continue
			}
			undone[o.object] = true
			queue = slices.Concat(queue, o.Workloads, r.sharedDocuments(o.Record))
			if len(o.Documents) > 0 {
				queue = append(queue, recordedName(o.object.Ref))
			}
		}
	}
	return undone
}

// selectedNames returns the names of all objects that a given document selects. One that
// has no record yet may come to share a Service with one that has.
func (r *run) selectedNames() (names []string) {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			m := r.metaOf(o)
			if slices.ContainsFunc(r.docs, func(d *document) bool { return d.Spec.Selects(&m) }) {
				names = append(names, recordedName(o.Ref))
			}
			o.Release()
		}
	}
	return names
}

// findOverRecords finds objects that are about to be edited and remember what was laid on
// them for workloads that this run doesn't serve: their records would be lost.
func (r *run) findOverRecords() {
	for i := range r.shared {
		r.noteOverRecord(r.findObject(r.shared[i].Object))
	}
}

// noteOverRecord notes an object that has to do with a workload of this run, if it remembers
// what was laid on it for others. If that's just what this workload needs, too, nothing is
// edited, and it would go with the others.
func (r *run) noteOverRecord(o *manifest.Object) {
	if o == nil || !r.remembers() || !o.HasRecord() || o.HasCarriedRecord() != r.carry {
		return
	}
	if name := recordedName(o.Ref); !slices.Contains(r.overRecords, name) && !slices.Contains(r.alsoUndone, name) {
		r.overRecords = append(r.overRecords, name)
	}
}

// servedBefore reports whether a record has a document of this run, or the one that is
// taken off.
func (r *run) servedBefore(record *manifest.Record) bool {
	for name := range record.Documents {
		if name == r.dropped && name != "" || r.isGiven(name) {
			return true
		}
	}
	return false
}

// recordedName is how records name a workload.
func recordedName(ref sidecar.Ref) string {
	return strings.Join([]string{ref.Group, ref.Kind, ref.Namespace, ref.Name}, "/")
}

// aboutDocuments returns what a workload shall remember of the documents that have laid
// something on it; nil where nothing is recorded.
func (r *run) aboutDocuments(q *request, answers []sidecar.Answer) *manifest.Record {
	if !r.remembers() {
		return nil
	}
	about := &manifest.Record{Documents: map[string]json.RawMessage{}, Carried: r.carry}
	for i := range answers {
		d := q.owner[answers[i].Name]
		if d.spec == nil {
			if d.spec = d.Recorded(); manifest.HoldsSecret(d.spec) {
				d.spec = json.RawMessage("null")
			}
		}
		about.Documents[d.Metadata.Name] = d.spec
	}
	return about
}

// aboutWorkloads is what an object shall remember of those for which it's changed.
func (r *run) aboutWorkloads(edits []sidecar.Edit) *manifest.Record {
	if !r.remembers() {
		return nil
	}
	about := &manifest.Record{Carried: r.carry}
	for _, e := range edits {
		for _, ref := range e.For {
			about.Workloads = append(about.Workloads, recordedName(ref))
		}
		about.Workloads = append(about.Workloads, r.absent[e.Object]...)
	}
	slices.Sort(about.Workloads)
	about.Workloads = slices.Compact(about.Workloads)
	return about
}

// checkRecordUnused reports an object with a record that isn't obeyed here. What stands there
// is the work of an earlier run, which can neither be taken off nor be laid on again.
func (r *run) checkRecordUnused(o *manifest.Object) bool {
	if r.record || !o.HasRecord() || o.HasCarriedRecord() {
		return false
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "record-unused", Object: o.Ref, File: o.File(),
		Line:    lineOf(o),
		Message: "has a record of what was added, which is only used when files are written back",
		Hint: "render it with -w or kpt, or set record: always in the config, or remove what was added with outrigger " +
			"strip first"})
	return true
}

// checkRenamed reports sidecars of a document that another one has laid on already, under
// the same names: mostly it's this one before it was renamed.
func (r *run) checkRenamed(o *manifest.Object, given []*document) bool {
	found := false
	for _, other := range r.remembered[o.Ref] {
		for _, d := range given {
			for _, e := range d.entries() {
				if !slices.ContainsFunc(other.entries(), func(have *config.Entry) bool { return have.Name == e.Name }) {
					continue
				}
				found = true
				r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "served-already", Object: o.Ref, File: o.File(),
					Sidecar: e.Name,
					Message: fmt.Sprintf("document %s has added a sidecar with this name", shownName(other)),
					Hint:    hintRenamed(d)})
			}
		}
	}
	return !found
}

// hintRenamed says what to do about a sidecar that two documents lay on.
func hintRenamed(d *document) string {
	if d.IsFlat() {
		return "give the sidecar another name with sidecar=NAME; or, if that's this one before its selection or id was " +
			"changed, remove its work with outrigger strip first"
	}
	return "give the sidecar another name, or, if that's the former name of this document, remove its work with " +
		"outrigger strip first"
}

// sortDocuments sorts documents by name.
func sortDocuments(docs []*document) {
	slices.SortStableFunc(docs, func(a, b *document) int { return cmp.Compare(a.Metadata.Name, b.Metadata.Name) })
}
