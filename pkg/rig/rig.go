// Package rig is the flow: it takes off what an earlier run laid on, asks each
// pattern what each selected workload needs, lets the neighbours follow, merges
// the answers and lays them on the text.
package rig

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// A File is one input by name; standard input has none.
type File struct {
	Name string
	Text string
}

// An Output is what a run gives. Texts are the new ones, in the order of the
// input; there are none where a finding is an error: all or nothing.
type Output struct {
	Texts    []manifest.Edited
	Findings sidecar.Findings
	Report   []string // per workload, what was laid on or why not
}

// Files are the new texts by name.
func (o Output) Files() []File {
	files := make([]File, len(o.Texts))
	for i, t := range o.Texts {
		files[i] = File{t.Name, t.String()}
	}
	return files
}

// Options of a run.
type Options struct {
	InPlace bool // files are written back, so objects must remember what is laid on them
}

// Run lays the sidecars of a config on the workloads among the files.
func Run(files []File, conf *config.Sidecars, opt Options) Output {
	texts, fs := parse(files)
	if fs.Failed() {
		return Output{Findings: tidy(fs)}
	}
	return RunTexts(texts, conf, opt)
}

// RunTexts is Run for texts that are parsed already.
func RunTexts(texts []*manifest.Text, conf *config.Sidecars, opt Options) Output {
	r := run{conf: conf, texts: texts}
	out := r.flow(opt)
	if claimed := r.claimed(); len(claimed) > 0 { // what is emitted is known at the end only
		r = run{conf: conf, texts: texts, ordinary: claimed}
		out = r.flow(opt)
	}
	return out
}

// flow is the way from manifests to manifests with sidecars.
func (r *run) flow(opt Options) Output {
	conf := r.conf
	r.record = conf.Spec.Record == config.RecordAlways || conf.Spec.Record != config.RecordNever && (opt.InPlace || r.writesBack())
	if r.record && conf.Metadata.Name == "" { // it would take everything for its own
		r.add(sidecar.Finding{Severity: sidecar.Error, Code: "missing-field", Field: "metadata.name", Message: "is missing",
			Hint: "where files are written back, objects remember by this name what the config laid on them"})
		return r.fail()
	}
	if r.record && !r.strip() {
		return r.fail()
	}
	r.layer = manifest.NewLayer(r.texts, manifest.Options{By: conf.Metadata.Name, Record: r.record})
	r.each(r.workload)
	r.neighbours()
	r.around()
	if r.unguard(); !r.findings.Failed() {
		r.layer.Emit(r.emits) // behind the last object, so after all that is laid on it
	}
	r.strangers()
	r.twins()
	r.expect()
	if r.findings.Failed() {
		return r.fail()
	}
	laid, fs := r.layer.Texts()
	r.add(fs...)
	r.add(manifest.ParseFindings(r.texts)...)
	if r.findings.Failed() {
		return r.fail()
	}
	return Output{Texts: laid, Findings: tidy(r.findings), Report: oneLine(r.report)}
}

// run is the state of one run.
type run struct {
	conf     *config.Sidecars
	texts    []*manifest.Text
	record   bool
	findings sidecar.Findings
	layer    *manifest.Layer
	shared   []sidecar.Edit // of objects that several workloads may want something of
	servings []*neighbour.Footprint
	emits    []manifest.Emit
	report   []string
	tally    tally

	services map[string][]*service            // by namespace
	labelled map[sidecar.Ref]*manifest.Object // Services that were taken for what this run emits
	ordinary map[sidecar.Ref]bool             // those of an earlier pass that weren't
	policies *policies                        // nil: not looked for yet
	secrets  map[string]map[string][]string   // keys of Secrets, by namespace and name
	objects  map[sidecar.Ref]*manifest.Object // all, by reference; see object
	emitted  map[sidecar.Ref]sidecar.Object   // content of what is emitted
	spaced   map[sidecar.Ref][]sidecar.Object // the same by [manifest.Space]
	owners   map[sidecar.Ref]string           // sidecar that emitted it
}

func (r *run) add(fs ...sidecar.Finding) { r.findings = append(r.findings, fs...) }

func (r *run) fail() Output {
	r.add(manifest.ParseFindings(r.texts)...)
	return Output{Findings: tidy(r.findings)}
}

func parse(files []File) (texts []*manifest.Text, fs sidecar.Findings) {
	for _, f := range files {
		t, err := manifest.Parse(f.Name, f.Text)
		if err != nil {
			fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "yaml-syntax", Message: err.Error()})
			continue
		}
		texts = append(texts, t)
	}
	return texts, fs
}

// writesBack reports whether the runner writes files back: kpt does, whose lists tell
// the paths. In a plain stream such an annotation means nothing.
func (r *run) writesBack() bool {
	for _, t := range r.texts {
		if !t.IsResourceList() {
			continue
		}
		for _, o := range t.Objects {
			if o.InPlace() { // what kustomize gives isn't, and one object that looks like it proves nothing of the others
				return true
			}
		}
	}
	return false
}

// strip takes off what this config laid on before, where it's obeyed what records say;
// what follows works on the texts as a person wrote them.
func (r *run) strip() bool {
	r.texts = slices.Clone(r.texts)
	for i, t := range r.texts {
		if !t.Recorded(r.conf.Metadata.Name) {
			continue
		}
		bare, fs := manifest.Strip(t, r.conf.Metadata.Name, false)
		if r.add(fs...); !fs.Failed() {
			r.texts[i] = bare.Reread()
		}
	}
	return !r.findings.Failed()
}

// disobeyed reports an object with a record that isn't obeyed here. What stands there
// is the work of an earlier run, which can neither be taken off nor be laid on again.
func (r *run) disobeyed(o *manifest.Object) bool {
	if r.record || r.conf.Metadata.Name == "" || !o.Recorded(r.conf.Metadata.Name) {
		return false
	}
	r.add(sidecar.Finding{Severity: sidecar.Error, Code: "record-unused", Object: o.Ref, File: o.File(), Line: line(o),
		Message: "carries a record of what this config laid on it, which counts only where files are written back",
		Hint:    "render it with -w or kpt, or write record: always into the config; or take the record off first with outrigger strip"})
	return true
}

// workload asks the patterns what one workload needs and collects the edits. It
// reports whether the workload gets every sidecar.
func (r *run) workload(o *manifest.Object) bool {
	own, complete := r.own(o)
	if len(own) == 0 {
		return complete
	}
	merged, fs := merge.Merge(own, func(_ sidecar.Ref, path sidecar.Path, want any) (there, same bool) { return has(o, path, want) })
	if r.add(fs...); !fs.Failed() {
		r.layer.Edit(o, merged)
	}
	return complete
}

// own are the edits of the workload itself; those of objects around it are put
// aside. It reports whether the workload gets every sidecar.
func (r *run) own(o *manifest.Object) (own []sidecar.Edit, complete bool) {
	if r.disobeyed(o) {
		return nil, false
	}
	w, ok := r.view(o)
	if !ok {
		return nil, false
	}
	a := r.agreed(o, w)
	complete = len(a.without) == 0
	r.unlaid(o, a.without)
	if len(a.asked) == 0 {
		return nil, complete
	}
	asked, edits := a.asked, a.edits
	r.add(verify.Check(w, asked)...)
	r.served(o, w, asked)
	follow := neighbour.Follow(w, asked)
	r.add(follow.Findings...)
	edits = append(edits, follow.Edits...)
	for _, a := range asked {
		edits = append(edits, r.emit(o, w, a)...)
	}
	own = edits[:0]
	for _, e := range edits {
		if e.Object == w.Ref {
			own = append(own, e)
		} else {
			r.shared = append(r.shared, e)
		}
	}
	r.servings = append(r.servings, neighbour.Observe(w, asked))
	r.told(o, asked)
	return own, complete
}

// An agreement is what the sidecars want of a workload.
type agreement struct {
	said    []sidecar.Answer // as the patterns said it
	asked   []sidecar.Answer // with containers that run the app's program filled in
	edits   []sidecar.Edit
	without []*config.Entry // the workload goes without these
}

// agreed asks all sidecars what they want of a workload. Where a container of another's
// stands in the place of one that may be left out, all are asked again without that one.
func (r *run) agreed(o *manifest.Object, w *sidecar.Workload) (a agreement) {
	out := r.optOut(o, w.Template)
	var answers []outcome
	var fs sidecar.Findings
	for again := true; again; again = r.others(o, w, a.edits, out) {
		answers = r.ask(o, w, out)
		a.said, a.edits = given(answers, -1), nil
		if a.asked, fs = merge.Likened(w, a.said); len(a.asked) > 0 {
			var more sidecar.Findings
			a.edits, more = merge.Edits(w, a.asked)
			fs = append(fs, more...)
		}
	}
	for i := range answers {
		r.add(answers[i].findings...)
		if answers[i].Answer == nil {
			a.without = append(a.without, &r.conf.Spec.Patterns[i])
		}
	}
	r.add(fs...)
	return a
}

// served finds sidecars that another config has laid on already, under the same
// names: mostly it's this one before it was renamed. Where they're equal they'd
// coalesce, and nobody would know whose they are.
func (r *run) served(o *manifest.Object, w *sidecar.Workload, asked []sidecar.Answer) {
	others := o.Configs()
	if len(others) == 0 {
		return
	}
	for _, a := range asked {
		for _, c := range slices.Concat(a.Change.Containers, a.Change.InitContainers) {
			if w.Container(c.Name) != nil {
				r.add(sidecar.Finding{Severity: sidecar.Error, Code: "served-already", Object: o.Ref, File: o.File(), Sidecar: a.Name,
					Message: "container " + c.Name + " stands there by " + strings.Join(others, " or ") + ", another config",
					Hint:    "if that was the name of this config, take its work off first with outrigger strip; else give the sidecar another name"})
			}
		}
	}
}

// around lays on what the workloads want of the objects around them.
func (r *run) around() {
	merged, fs := merge.Merge(r.shared, func(ref sidecar.Ref, path sidecar.Path, want any) (there, same bool) {
		return has(r.object(ref), path, want)
	})
	if r.add(fs...); fs.Failed() {
		return
	}
	var order []sidecar.Ref
	per := map[sidecar.Ref][]sidecar.Edit{}
	for _, e := range merged {
		if per[e.Object] == nil {
			order = append(order, e.Object)
		}
		per[e.Object] = append(per[e.Object], e)
	}
	for _, ref := range order {
		if o := r.object(ref); o != nil {
			r.again(o, per[ref])
		}
	}
}
