package rig

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	// skipKey is the annotation that lists the sidecars which a workload opts out of; "*" means all.
	skipKey = "outrigger.dev/skip"
	// skipReasonKey is the annotation with the reason, which is printed with the skip.
	skipReasonKey = "outrigger.dev/skip-reason"
	// injectKey is a label or an annotation of a workload or its pods. With the value "false", they opt out of all
	// sidecars.
	injectKey = "outrigger.dev/inject"
)

// ReadNotes returns sets of labels and annotations that choose which sidecars there are, which container they serve,
// and where Prometheus looks for metrics, with values that change this. port is the value that stands for any port.
func ReadNotes(port string) []map[string]string {
	return []map[string]string{
		{skipKey: "*"}, {injectKey: "false"}, {sidecar.DefaultContainerKey: "none"},
		{sidecar.ScrapeKey: "true", sidecar.ScrapePortKey: port},
	}
}

// An optOut holds the sidecars that a workload doesn't get.
type optOut struct {
	names   []string          // of entries, or "*"
	source  string            // the annotation or label that says so
	reason  string            // as the workload gives it, in quotes; "" where it gives none
	foreign map[string]string // by entry: a container of the manifest that has its container's name
}

// reasonFor returns why a workload doesn't get the sidecar with a name, or "".
func (o optOut) reasonFor(name string) string {
	switch {
	case slices.Contains(o.names, name) || slices.Contains(o.names, "*"):
		return ", as " + o.source + " says" + o.reason
	case o.foreign[name] != "":
		return ": container " + o.foreign[name] + " exists already, and isn't one of this config"
	}
	return ""
}

// readOptOut reads which sidecars the workload opts out of. Of several annotations, the one closest to the pod counts.
func readOptOut(o *manifest.Object, at sidecar.Path) optOut {
	out := optOut{reason: readReason(o, at), foreign: map[string]string{}}
	for metadata := range metadataAround(at) {
		for _, kind := range []string{"labels", "annotations"} {
			at := append(metadata, sidecar.Step{Field: kind})
			if v, _ := o.StringAt(at, injectKey); v == "false" {
				out.names, out.source = []string{"*"}, at.String()+"."+injectKey
				return out
			}
		}
		at := append(metadata, sidecar.Step{Field: "annotations"})
		if v, ok := o.StringAt(at, skipKey); ok {
			for _, name := range strings.Split(v, ",") {
				out.names = append(out.names, strings.TrimSpace(name))
			}
			out.source = at.String() + "." + skipKey
			return out
		}
	}
	return out
}

// metadataAround yields the paths of the metadata of a pod template and of what it's in, the closest first. Each is
// written over the one before.
func metadataAround(at sidecar.Path) iter.Seq[sidecar.Path] {
	return func(yield func(sidecar.Path) bool) {
		path := make(sidecar.Path, 0, len(at)+2)
		for n := len(at); n >= 0; n-- {
			if !yield(append(append(path, at[:n]...), sidecar.Step{Field: "metadata"})) {
				return
			}
		}
	}
}

// reasonRunes is how much of a reason is printed.
const reasonRunes = 200

// readReason returns the reason that a workload gives for its skip. It's one line of bounded length in quotes, so that
// it doesn't look like a message of outrigger.
func readReason(o *manifest.Object, at sidecar.Path) string {
	text := ""
	for metadata := range metadataAround(at) {
		if text, _ = o.StringAt(append(metadata, sidecar.Step{Field: "annotations"}), skipReasonKey); text != "" {
			break
		}
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

// describeSkip returns the finding that a workload doesn't get the sidecar of an entry. It's an error if the config
// forbids that.
func describeSkip(conf *config.Sidecars, o *manifest.Object, e *config.Entry, why string) sidecar.Finding {
	f := placeFinding(sidecar.Finding{Severity: sidecar.Info, Code: sidecar.Skipped, Message: "skipped" + why,
		File: o.File(), Line: lineOf(o)}, o, e)
	if !conf.Spec.MaySkip(e) {
		f.Severity, f.Hint = sidecar.Error, forbiddenBy(conf, e)
	}
	return f
}

// forbiddenBy returns the hint that names the field of the config which forbids a skip.
func forbiddenBy(conf *config.Sidecars, e *config.Entry) string {
	by := "spec.skips: forbidden"
	if conf.Spec.Of(e).Skips != config.SkipsForbidden && e != nil {
		by = "required: true of " + e.Name
	}
	return by + " doesn't allow this: remove what causes the skip, or exclude the workload in the config"
}

// reportSkipped reports that a selected workload gets no sidecars.
func (r *run) reportSkipped(d *document, o *manifest.Object, why string) {
	at, _ := o.Template(r.all.Spec.PodTemplatePaths)
	f := sidecar.Finding{Severity: sidecar.Info, Code: sidecar.Skipped, Object: o.Ref, File: o.File(), Line: lineOf(o),
		Message: "all sidecars skipped, as " + why + " says" + readReason(o, at)}
	r.addFindings(d.forbidSkip(f))
}

// forbidSkip turns a finding about a workload without sidecars into an error if the config forbids that.
func (d *document) forbidSkip(f sidecar.Finding) sidecar.Finding {
	for _, e := range d.entries() {
		if !d.Spec.MaySkip(e) {
			f.Severity, f.Hint = sidecar.Error, forbiddenBy(d.Sidecars, e)
			break
		}
	}
	return f
}
