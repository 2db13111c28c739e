package rig

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	// SkipKey is the annotation by which a workload opts out of sidecars, by name,
	// or of all of them with "*".
	SkipKey = "outrigger.dev/skip"
	// SkipReasonKey is the annotation that says why; it's told with the skip.
	SkipReasonKey = "outrigger.dev/skip-reason"
	// InjectKey is a label, or an annotation, with which a workload or its pods opt out
	// of all sidecars by the value "false".
	InjectKey = "outrigger.dev/inject"
)

// An optOut are the sidecars that a workload goes without.
type optOut struct {
	names  []string          // of entries, or "*"
	by     string            // the annotation or label that says so
	reason string            // as the workload gives it, in quotes; "" where it gives none
	others map[string]string // by entry: a container of its that stands there and isn't ours
}

// why is why a workload goes without the sidecar of a name; "" where it doesn't.
func (o optOut) why(name string) string {
	switch {
	case slices.Contains(o.names, name) || slices.Contains(o.names, "*"):
		return ", as " + o.by + " says" + o.reason
	case o.others[name] != "":
		return ": container " + o.others[name] + " stands there already, and isn't of this config"
	}
	return ""
}

// readOptOut reads which sidecars the workload opts out of. The annotation closest to the
// pod counts.
func readOptOut(o *manifest.Object, at sidecar.Path) optOut {
	out := optOut{reason: readReason(o, at), others: map[string]string{}}
	for n := len(at); n >= 0; n-- {
		for _, kind := range []string{"labels", "annotations"} {
			at := append(fieldNames(at[:n]), "metadata", kind)
			if o.Strings(at...)[InjectKey] == "false" {
				out.names, out.by = []string{"*"}, strings.Join(append(at, InjectKey), ".")
				return out
			}
		}
		at := append(fieldNames(at[:n]), "metadata", "annotations")
		if v, ok := o.Strings(at...)[SkipKey]; ok {
			for _, name := range strings.Split(v, ",") {
				out.names = append(out.names, strings.TrimSpace(name))
			}
			out.by = strings.Join(append(at, SkipKey), ".")
			return out
		}
	}
	return out
}

// reasonRunes is how much of a reason is told.
const reasonRunes = 200

// readReason is why a workload goes without sidecars, as it says itself. It's made one line
// of bounded length, in quotes: what a workload says must not look like our own words.
func readReason(o *manifest.Object, at sidecar.Path) string {
	text := ""
	for n := len(at); n >= 0 && text == ""; n-- {
		text = o.Strings(append(fieldNames(at[:n]), "metadata", "annotations")...)[SkipReasonKey]
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	line := []rune(strings.Join(words, " "))
	if len(line) == 0 {
		return ""
	}
	if len(line) > reasonRunes {
		line = append(line[:reasonRunes:reasonRunes], '…')
	}
	return ": " + strconv.Quote(string(line))
}

// describeSkip says that a workload goes without the sidecar of an entry. It's always told,
// and an error where the config forbids it.
func describeSkip(conf *config.Sidecars, o *manifest.Object, e *config.Entry, why string) sidecar.Finding {
	f := placeFinding(sidecar.Finding{Severity: sidecar.Info, Code: sidecar.Skipped, Message: "skipped" + why,
		File: o.File(), Line: lineOf(o)}, o, e)
	if !conf.Spec.MaySkip(e) {
		f.Severity, f.Hint = sidecar.Error, whoForbids(conf, e)
	}
	return f
}

// whoForbids says which field of the config forbids a skip.
func whoForbids(conf *config.Sidecars, e *config.Entry) string {
	by := "spec.skips: forbidden"
	if conf.Spec.Skips != config.SkipsForbidden && e != nil {
		by = "required: true of " + e.Name
	}
	return by + " allows none: take away what says so, or exclude the workload in the config"
}

// reportSkipped says that a selected workload goes without all sidecars.
func (r *run) reportSkipped(o *manifest.Object, why string) {
	at, _ := o.Template(r.conf.Spec.PodTemplatePaths)
	f := sidecar.Finding{Severity: sidecar.Info, Code: sidecar.Skipped, Object: o.Ref, File: o.File(), Line: lineOf(o),
		Message: "all sidecars skipped, as " + why + " says" + readReason(o, at)}
	r.addFindings(r.forbidSkip(f))
}

// forbidSkip makes an error of a finding about a workload that goes without sidecars, where
// the config forbids that.
func (r *run) forbidSkip(f sidecar.Finding) sidecar.Finding {
	for i := range r.conf.Spec.Patterns {
		if e := &r.conf.Spec.Patterns[i]; !r.conf.Spec.MaySkip(e) {
			f.Severity, f.Hint = sidecar.Error, whoForbids(r.conf, e)
			break
		}
	}
	return f
}
