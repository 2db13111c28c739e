// Package rig is the flow: it removes what an earlier run added, asks each pattern what each selected workload needs,
// makes the neighbours follow, merges the answers and edits the text.
package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/cost"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A File is one input by name; standard input has none.
type File struct {
	Name string
	Text string
}

// An Output is the result of a run. Texts are the new texts, in the order of the input. If a finding is an error, there
// are none: all or nothing.
type Output struct {
	Texts    []manifest.Edited
	Findings sidecar.Findings
	Report   []string // what each workload got, and what that requests
	Total    string   // of the requests; "" where there is one workload alone

	own       sidecar.Findings // see [Output.Own]
	workloads sidecar.Findings // see [Output.Results]

	added         map[podRef][]added // see [Output.Demands]
	templatePaths []string
}

// Files returns the new texts with their names.
func (o Output) Files() []File {
	files := make([]File, len(o.Texts))
	for i, t := range o.Texts {
		files[i] = File{t.Name, t.String()}
	}
	return files
}

// Options of a run.
type Options struct {
	InPlace bool // files are written back, so what is added must be recorded in the objects
	// NoMatch allows that nothing is selected among hooks alone, or where there are no objects: Helm 4
	// may call a post-renderer for a chart's hooks alone, and for a chart that renders nothing.
	NoMatch bool
}

// Run lays the sidecars of a document on the workloads among the files.
func Run(files []File, doc *config.Sidecars, opt Options) Output {
	return RunAll(files, []*config.Sidecars{doc}, opt)
}

// RunAll is Run for several documents. A workload that several of them select gets what
// one document with all their patterns asks for.
func RunAll(files []File, docs []*config.Sidecars, opt Options) Output {
	texts, fs := parseFiles(files)
	if fs.Failed() {
		return Output{Findings: sortFindings(fs)}
	}
	manifest.MarkPatches(texts)
	return RunTexts(texts, docs, opt)
}

// RunTexts is RunAll for texts that are parsed already.
func RunTexts(texts []*manifest.Text, docs []*config.Sidecars, opt Options) Output {
	return repeat(func() run { return newRun(texts, docs) }, func(r *run) Output { return r.flow(opt) })
}

// repeat runs a flow, and again where it only finds out at the end what it has to know.
func repeat(newRun func() run, flow func(*run) Output) Output {
	r := newRun()
	var carried *Output // of the pass with the records that kustomize carries, where it failed
	for {
		out := flow(&r)
		next := newRun()
		next.ignoreCarried, next.notEmitted = r.ignoreCarried, r.notEmitted
		next.alsoUndone, next.passes = r.alsoUndone, r.passes
		claimed := r.claimedServices()
		switch {
		case len(r.overRecords) > 0:
			next.alsoUndone, next.passes = slices.Concat(r.alsoUndone, r.overRecords), r.passes+1
		case r.carry && !r.proven && out.Findings.Failed(): // an overlay may have changed what other functions laid on
			next.ignoreCarried, carried = true, &out
		case r.notEmitted == nil && len(claimed) > 0:
			next.notEmitted = claimed
		case carried != nil && errorsRemain(carried.Findings, out.Findings):
			return *carried // the records weren't why
		default:
			return out
		}
		r = next
	}
}

// errorsRemain reports whether all errors are among other findings, too.
func errorsRemain(fs, among sidecar.Findings) bool {
	return !slices.ContainsFunc(fs, func(f sidecar.Finding) bool {
		return f.Severity == sidecar.Error && !slices.Contains(among, f)
	})
}

// flow runs all steps, from manifests to manifests with sidecars.
func (r *run) flow(opt Options) Output {
	r.noMatch = opt.NoMatch
	if !r.checkDocuments() || !r.decideRecord(opt) {
		return r.fail()
	}
	return r.layAll()
}

// layAll takes off what an earlier run laid on, and lays on what the documents ask for.
func (r *run) layAll() Output {
	if r.remembers() && !r.stripEarlierRun() || r.carry && !r.provesCarried() {
		return r.fail()
	}
	return r.layDocuments()
}

// layDocuments lays on what the documents ask for.
func (r *run) layDocuments() Output {
	r.joinDocuments()
	r.checkRememberedTwins()
	r.layer = manifest.NewLayer(r.texts)
	r.readMarkers()
	r.visitSelected(r.serveWorkload)
	r.followAround()
	r.layAround()
	r.removeGuards()
	r.emitAll()
	for _, d := range r.docs {
		r.checkLabelled(d)
		r.checkTwins(d)
		r.checkExpected(d)
	}
	return r.finish()
}

// readMarkers reads the objects that may have outrigger's marker, as strip does: what one of them can't read, the other
// one must not pass.
func (r *run) readMarkers() {
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if o.IsLaid() {
				o.Release()
			}
		}
	}
}

// run is the state of one run.
type run struct {
	docs          []*document
	requests      map[string]*request  // by the documents that they're of
	all           *request             // of all documents, those that are remembered, too
	givenPaths    []string             // of pod templates, by documents that are given
	dropped       string               // the name of a document that is taken off
	read          map[string]*document // from records
	unread        map[string]string    // why not
	parts         map[string]*document // of those
	texts         []*manifest.Text
	given         []*manifest.Text // the same, before an earlier run was taken off
	carry         bool             // kustomize carries the records
	proven        bool             // those records are of this build
	ignoreCarried bool             // those that it carries are of no use
	alsoUndone    []string         // objects of which an earlier run is taken off, too, as records name them
	passes        int              // that have found such ones
	overRecords   []string         // objects that are edited although they remember what was laid on
	record        bool
	noMatch       bool // see [Options.NoMatch]
	findings      sidecar.Findings
	layer         *manifest.Layer
	shared        []sidecar.Edit // of objects that several workloads may want something of
	laidEdits     map[*manifest.Object]laid
	emits         []manifest.Emit
	report        []string
	workloads     sidecar.Findings       // what each got
	added         map[podRef][]added     // see [Output.Demands]
	sum           cost.Sum               // of what they request
	least         map[sidecar.Ref]*int32 // pods that autoscalers keep, by workload; nil: not looked for yet

	footprints []*neighbour.Footprint
	limited    map[string]bool // namespaces with quotas or limit ranges; nil: not looked for yet

	core             map[sidecar.Ref][]*manifest.Object          // see coreObjects
	services         map[string][]*service                       // by namespace, as far as it was asked for
	labelledServices map[sidecar.Ref]*manifest.Object            // Services that were taken for what this run emits
	notEmitted       map[sidecar.Ref]bool                        // those of an earlier pass that weren't
	policies         *policies                                   // nil: not looked for yet
	secrets          map[string]map[string][]string              // keys of Secrets, by namespace and name, likewise
	hashed           map[sidecar.Ref]string                      // names with a hash, by those without
	objects          map[string]map[sidecar.Ref]*manifest.Object // by kind; see findObject
	twins            map[sidecar.Ref]*manifest.Object            // the second of several with one reference
	namesakes        map[sidecar.Ref][]*manifest.Object          // workloads of several kinds, by a reference without one
	emitted          map[sidecar.Ref]sidecar.Object              // content of what is emitted
	emittedBySpace   map[sidecar.Ref][]sidecar.Object            // the same by [manifest.Space]
	owners           map[sidecar.Ref]string                      // sidecar that emitted it
	emitters         map[sidecar.Ref][]emitter                   // all workloads with it

	stood      map[sidecar.Ref]*manifest.Object // objects of which an earlier run was taken off, as they were
	others     map[string]bool                  // documents of workloads of which nothing was taken off
	absent     map[sidecar.Ref][]string         // workloads of their records that aren't among the files
	remembered map[sidecar.Ref][]*document      // documents that aren't given and serve a workload
	served     map[sidecar.Ref]*request         // by workload
}

func (r *run) addFindings(fs ...sidecar.Finding) { r.findings = append(r.findings, fs...) }

// finish returns the new texts, or what is wrong.
func (r *run) finish() Output {
	if r.findings.Failed() {
		return r.fail()
	}
	laid, fs := r.layer.Texts()
	if r.addFindings(fs...); !fs.Failed() {
		r.checkAbsent(laid)
	}
	r.addFindings(manifest.ParseFindings(r.texts)...)
	if r.findings.Failed() {
		return Output{Findings: r.tellFindings()}
	}
	fs = r.tellFindings()
	return Output{Texts: laid, Findings: fs, Report: oneLineEach(r.report),
		Total: r.describeTotal(), own: r.ownFindings(fs), workloads: r.describeServed(),
		added: r.added, templatePaths: r.all.Spec.PodTemplatePaths}
}

// fail returns what is wrong, without texts.
func (r *run) fail() Output {
	r.addFindings(manifest.ParseFindings(r.texts)...)
	return Output{Findings: r.tellFindings()}
}

func parseFiles(files []File) (texts []*manifest.Text, fs sidecar.Findings) {
	for _, f := range files {
		t, err := manifest.Parse(f.Name, f.Text)
		if err != nil {
			fs = append(fs, manifest.SyntaxFinding(f.Name, err))
			continue
		}
		texts = append(texts, t)
	}
	return texts, fs
}
