package rig

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A document is one of those that a run lays on the manifests, and the count of the
// workloads that it selects.
type document struct {
	*config.Sidecars
	tally tally
	spec  json.RawMessage // what records keep of it; nil: not asked for yet
}

// A request is what the documents that serve one workload ask for together.
type request struct {
	*config.Sidecars // the documents as one
	from             []*document
	twice            []string             // names that two of them give to different sidecars
	owner            map[string]*document // by name of the sidecar; the first of several
}

// newRun returns the run of documents over texts. Documents come in the order of their
// names, so that the order in which they're given doesn't matter.
func newRun(texts []*manifest.Text, confs []*config.Sidecars) run {
	numberGenerated(texts)
	r := run{texts: texts, given: texts, requests: map[string]*request{}}
	for _, c := range confs {
		r.docs = append(r.docs, &document{Sidecars: c})
	}
	sortDocuments(r.docs)
	r.all = r.requestOf(r.docs)
	return r
}

// joinDocuments joins all documents of the run, when it's known which are remembered. Paths of
// pod templates that come from records count last: a record, which anybody can write, mustn't
// lead a proxy to another template. See serves.
func (r *run) joinDocuments() {
	all := slices.Clone(r.docs)
	for _, key := range slices.Sorted(maps.Keys(r.read)) {
		if d := r.read[key]; d != nil {
			all = append(all, d)
		}
	}
	sortDocuments(all)
	given := r.all.Spec.PodTemplatePaths
	r.givenPaths = given
	joined := *r.requestOf(all)
	conf := *joined.Sidecars
	conf.Spec.PodTemplatePaths = slices.Concat(manifest.TemplatePaths(given), conf.Spec.PodTemplatePaths)
	joined.Sidecars = &conf
	r.all = &joined
}

// requestOf returns what some of the run's documents ask for together.
func (r *run) requestOf(docs []*document) *request {
	key := ""
	for _, d := range docs {
		key += fmt.Sprintf("%p ", d)
	}
	if known := r.requests[key]; known != nil {
		return known
	}
	confs := make([]*config.Sidecars, len(docs))
	for i, d := range docs {
		confs[i] = d.Sidecars
	}
	q := &request{from: docs, owner: map[string]*document{}}
	q.Sidecars, q.twice = config.Join(confs)
	for _, d := range slices.Backward(docs) {
		for i := range d.Spec.Patterns {
			q.owner[d.Spec.Patterns[i].Name] = d
		}
	}
	r.requests[key] = q
	return q
}

// checkDocuments reports documents that can't be told from each other.
func (r *run) checkDocuments() bool {
	if len(r.docs) < 2 {
		return true
	}
	for i, d := range r.docs {
		f := sidecar.Finding{Severity: sidecar.Error, Code: "missing-field", Field: "metadata.name"}
		switch name := d.Metadata.Name; {
		case name == "":
			f.Message, f.Hint = "is missing: several documents are told apart by their names", "give each document a name"
		case i > 0 && r.docs[i-1].Metadata.Name == name:
			f.Code, f.Message, f.Hint = "document-twice", "two documents are named "+name, "give one of them another name"
		default:
			continue
		}
		r.addAbout(d, f)
	}
	return !r.findings.Failed()
}

// checkNames reports sidecars of one name that two documents lay on one workload.
func (r *run) checkNames(o *manifest.Object, q *request) bool {
	for _, name := range q.twice {
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "sidecar-twice", Object: o.Ref, File: o.File(),
			Line: lineOf(o), Sidecar: name,
			Message: "two documents lay on different sidecars of this name",
			Hint:    "give one of them another name"})
	}
	return len(q.twice) == 0
}

// entries returns all entries of a document.
func (d *document) entries() []*config.Entry {
	all := make([]*config.Entry, len(d.Spec.Patterns))
	for i := range all {
		all[i] = &d.Spec.Patterns[i]
	}
	return all
}

// hasPattern reports whether an entry of any document is one that is looked for.
func (r *run) hasPattern(is func(*config.Entry) bool) bool {
	return slices.ContainsFunc(r.all.from, func(d *document) bool { return slices.ContainsFunc(d.entries(), is) })
}

// isGiven reports whether a document of a name is given to the run.
func (r *run) isGiven(name string) bool {
	return slices.ContainsFunc(r.docs, func(d *document) bool { return d.Metadata.Name == name })
}

// isBy reports whether a document of a name is given to the run, or remembered by a
// workload of it, or taken off.
func (r *run) isBy(name string) bool {
	return name != "" && (name == r.dropped || slices.ContainsFunc(r.all.from, func(d *document) bool {
		return d.Metadata.Name == name
	}))
}

// guardKind is the kind of the object that shows a kustomization whether the function has run: the function removes it,
// and a check behind the function fails if it's still there. Without a flag, kustomize skips functions silently.
const guardKind = "Guard"

// removeGuards removes the guards that kustomize hands over. A guard with content is an error. Several documents may
// share one guard: if the first run has removed it, outrigger has run, so the second run doesn't need to see it.
func (r *run) removeGuards() {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if o.Ref.Group != config.Group || o.Ref.Kind != guardKind || !o.ByKustomize() {
				continue
			}
			if slices.ContainsFunc(o.Keys(), func(key string) bool {
				return key != "apiVersion" && key != "kind" && key != "metadata"
			}) {
				r.addFindings(guardFilled(o))
				continue
			}
			r.layer.TakeOut(o)
		}
	}
}

func guardFilled(o *manifest.Object) sidecar.Finding {
	return sidecar.Finding{Severity: sidecar.Error, Code: "guard-filled", Object: o.Ref, File: o.File(),
		Message: "comes filled in, so it can't show whether the function has run",
		Hint:    "leave only its apiVersion, kind and metadata"}
}
