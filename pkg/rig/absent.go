package rig

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// findAbsent finds workloads for which objects were changed that this run lays on anew, and
// which aren't among the files. Their records go on naming them. kpt gives whole packages:
// there, such a workload is gone.
func (r *run) findAbsent(all []recorded) {
	if !r.record || r.dropped != "" || slices.ContainsFunc(r.texts, (*manifest.Text).IsWrittenBack) {
		return
	}
	there := map[string]bool{}
	for _, t := range r.texts {
		for _, o := range t.Objects {
			there[recordedName(o.Ref)] = true
		}
	}
	r.absent = map[sidecar.Ref][]string{}
	for _, o := range all {
		for _, name := range o.Workloads {
			if r.stood[o.object.Ref] != nil && !there[name] {
				r.absent[o.object.Ref] = append(r.absent[o.object.Ref], name)
			}
		}
	}
}

// checkAbsent reports objects that would lose what they were given for a workload that isn't
// among the files: a Service would lead past the proxy that the other file has.
func (r *run) checkAbsent(laid []manifest.Edited) {
	if len(r.absent) == 0 {
		return
	}
	now, _ := readLaid(laid) // what can't be read is a finding already
	for _, ref := range slices.SortedFunc(maps.Keys(r.absent), func(a, b sidecar.Ref) int {
		return strings.Compare(recordedName(a), recordedName(b))
	}) {
		before := r.stood[ref]
		if now[ref] != nil && now[ref].Holds(before) {
			continue
		}
		r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "workload-absent", Object: ref, File: before.File(),
			Message: "was changed for " + refOf(r.absent[ref][0]).String() + ", too, which isn't among the files, and would " +
				"lose that",
			Hint: "give the file of that workload, too; or, if it was renamed or deleted, run outrigger strip -w on these " +
				"files, and then this command again"})
	}
}

// readLaid reads the objects of new texts. It returns the first error, and all objects that can be read.
func readLaid(laid []manifest.Edited) (map[sidecar.Ref]*manifest.Object, error) {
	var texts []*manifest.Text
	var failed error
	for i := range laid {
		text, err := manifest.Parse(laid[i].Name, laid[i].String())
		if err == nil {
			texts = append(texts, text)
		}
		failed = cmp.Or(failed, err)
	}
	numberGenerated(texts)
	all := map[sidecar.Ref]*manifest.Object{}
	for _, t := range texts {
		for _, o := range t.Objects {
			all[o.Ref] = o
		}
	}
	return all, failed
}

// refOf reads what recordedName writes.
func refOf(name string) (ref sidecar.Ref) {
	for i, part := range strings.SplitN(name, "/", 4) {
		*[]*string{&ref.Group, &ref.Kind, &ref.Namespace, &ref.Name}[i] = part
	}
	return ref
}
