package rig

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// A question asks one entry of the config what one workload needs, and collects findings.
type question struct {
	conf      *config.Sidecars
	object    *manifest.Object
	entry     *config.Entry
	optOut    optOut                        // sidecars that the workload doesn't get
	takeovers map[string][]sidecar.Takeover // of those asked before, by the app's container
	earlier   []outcome                     // of those asked before
	declared  []sidecar.Answer              // of those asked before that may declare ports of the app
	findings  sidecar.Findings
}

// An outcome is what one entry needs of a workload, if anything, and the findings.
type outcome struct {
	*sidecar.Answer
	findings sidecar.Findings
	skipped  bool
}

// ask asks the entry's pattern about the view of a workload.
func (q *question) ask(w *sidecar.Workload) (out outcome) {
	defer func() { out.findings = q.findings }()
	view := *w
	view.Pod = *w.Pod.DeepCopy() // so that patterns can't change each other's view
	merge.DeclarePorts(&view.Pod.Spec, q.declared)
	q.entry.Fill(&view)
	spec := q.conf.Spec.Of(q.entry)
	view.Images, view.PullSecrets = spec.Pulled, spec.ImagePullSecrets
	view.Added = addedContainers(q.conf, w)
	if !q.findApps(&view) || !q.pickPortOwner(&view) {
		return out
	}
	view.Takeovers = slices.Concat(w.Takeovers, q.takeovers[view.App.Name])
	if runsAlone(q.entry) {
		view.Bare = merge.BareOf(&view, answersOf(q.earlier, -1))
	}
	c, err := sidecar.Build(q.entry.Pattern(), &view)
	if why := findUnfit(c, err); why != nil && q.entry.Unfit == config.UnfitSkip {
		out.skipped = q.refuse(*why)
		return out
	}
	if unnamed := findUnnamed(q.object, w); err != nil && unnamed != nil && view.App.Name == "" {
		q.addFindings(*unnamed) // other errors are of a name that isn't there
		return out
	}
	q.addError(err)
	if c == nil {
		return out
	}
	if w.Platform == sidecar.OpenShift && q.entry.Custom == nil { // what people write themselves stays
		fs := c.LeaveUsersOut(q.entry.Name, q.entry.Override)
		c.Notes = append(c.Notes, fs...)
		if fs.Failed() {
			q.addError(fs)
			return out
		}
	}
	verify.FitKnative(&view, c)
	if err := override(c, q.entry); err != nil {
		q.addError(err)
		return out
	}
	c.AddPullSecrets(spec.ImagePullSecrets)
	if why := verify.CheckKnative(&view, c); why != nil {
		out.skipped = q.refuse(*why)
		return out
	}
	for j := range c.Notes {
		c.Notes[j] = placeFinding(c.Notes[j], q.object, q.entry)
	}
	out.Answer = &sidecar.Answer{
		Name: q.entry.Name, Placement: q.entry.Placement, App: view.App, Apps: view.Apps, Change: c,
		After: q.orderNames(q.entry.After), Before: q.orderNames(q.entry.Before),
	}
	return out
}

// refuse adds the reason why the workload isn't one for the entry: as an error, or as a skip if the config wants that.
// It reports whether it's a skip.
func (q *question) refuse(why sidecar.Finding) (skipped bool) {
	if q.entry.Unfit == config.UnfitSkip {
		q.addFindings(describeSkip(q.conf, q.object, q.entry, ": "+why.Message))
		return true
	}
	q.addFindings(placeFinding(why, q.object, q.entry))
	return false
}

func (q *question) addFindings(fs ...sidecar.Finding) { q.findings = append(q.findings, fs...) }

// addError adds the error of a pattern to the findings.
func (q *question) addError(err error) {
	if err == nil {
		return
	}
	var fs sidecar.Findings
	if !errors.As(err, &fs) {
		fs = sidecar.Findings{{Severity: sidecar.Error, Code: "pattern", Message: err.Error()}}
	}
	for _, f := range fs {
		q.addFindings(placeFinding(f, q.object, q.entry))
	}
}

// orderNames returns names of after or before, without the sidecars that this pod doesn't get.
func (q *question) orderNames(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return q.optOut.reasonFor(n) != "" && hasEntry(q.conf, n)
	})
}

// findUnfit returns the finding that says why a workload isn't one for a pattern, or nil.
func findUnfit(c *sidecar.Change, err error) *sidecar.Finding {
	var fs sidecar.Findings
	if c != nil {
		fs = c.Notes
	} else if !errors.As(err, &fs) {
		return nil
	}
	return fs.Unfit()
}

// override lays the user's partial container over the container with the entry's name. If there's none, it lays it over
// all whose names begin with the entry's, such as log-tail-access for log-tail. A pattern with its container in an
// object that it emits does that itself. Resources reach the other containers, too, where they have none, since a quota
// may demand them of every container.
func override(c *sidecar.Change, e *config.Entry) error {
	if e.Override == nil || c.OverrideApplied {
		return nil
	}
	var exact, several []*corev1.Container
	for ctr := range c.AllContainers() {
		switch {
		case ctr.Name == e.Name:
			exact = append(exact, ctr)
		case sidecar.NamesContainer(e.Name, ctr.Name):
			several = append(several, ctr)
		}
	}
	if exact != nil {
		several = exact[:1]
	}
	for ctr := range c.AllContainers() {
		if !slices.Contains(several, ctr) {
			ctr.Resources = sidecar.CompleteResources(ctr.Resources, e.Override.Resources)
		}
	}
	var fs sidecar.Findings
	for _, ctr := range several {
		over, err := sidecar.OverlayContainer(*ctr, e.Override, e.Removed)
		if err != nil {
			return err
		}
		over.Name = ctr.Name // an override may have the entry's name
		if e.Custom == nil { // otherwise the arguments are the user's own
			fs = append(fs, sidecar.CheckArguments(ctr, &over)...)
		}
		fs = append(fs, sidecar.CheckOverlaid(&over)...)
		*ctr = over
	}
	if several == nil {
		return fmt.Errorf("override: no container of this sidecar is named %s or has a name that begins with %s-; rename a "+
			"container, or change the container itself", e.Name, e.Name)
	}
	return fs.Err()
}

// placeFinding sets the sidecar of a pattern's finding, and the workload if it has no object. Then its field is one of
// the config, and goes into the message.
func placeFinding(f sidecar.Finding, o *manifest.Object, e *config.Entry) sidecar.Finding {
	if f.Object == (sidecar.Ref{}) {
		f.Object = o.Ref
		if f.Field != "" {
			f.Message = f.Field + ": " + f.Message
			f.Field, f.Document = "", e.Name // see tellDocument
		}
	}
	f.Sidecar = e.Name
	return f
}
