// Package merge makes edits of what sidecars answer: addressed values, of which equal
// ones are one and unequal ones are conflicts. It also says what a pod will look like
// with its sidecars, and what it would be without them.
package merge

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Edits flattens what all sidecars of a workload want into addressed values;
// addresses use keys, never positions. Init containers come in their final order.
func Edits(w *sidecar.Workload, asked []sidecar.Answer) ([]sidecar.Edit, sidecar.Findings) {
	f := newFlattener(w)
	f.edits = make([]sidecar.Edit, 0, 16*len(asked))
	asked = f.redirected(asked)
	for i := range asked {
		f.findings = append(f.findings, asked[i].Change.Notes...)
	}
	f.flatten(asked, func(*field) bool { return true })
	return f.edits, f.findings
}

// A flattener collects edits of one workload.
type flattener struct {
	w        *sidecar.Workload
	spec     sidecar.Path
	edits    []sidecar.Edit
	findings sidecar.Findings
}

func newFlattener(w *sidecar.Workload) *flattener {
	return &flattener{w: w, spec: w.Template.To("spec")}
}

// flatten posts the edits of some fields.
func (f *flattener) flatten(asked []sidecar.Answer, wanted func(*field) bool) {
	for i := range asked {
		for j := range fields {
			if fd := &fields[j]; fd.pod != nil && wanted(fd) {
				for _, e := range fd.pod(f, &asked[i]) {
					f.post(asked[i].Name, e)
				}
			}
		}
	}
	for j := range fields {
		if fd := &fields[j]; fd.all != nil && wanted(fd) {
			fd.all(f, asked)
		}
	}
}

// post adds an edit of the workload itself.
func (f *flattener) post(owner string, e sidecar.Edit) {
	e.Owner, e.Object, e.View = owner, f.w.Ref, f.w
	f.edits = append(f.edits, e)
}

// add reports what is wrong at a path of the workload.
func (f *flattener) add(s sidecar.Severity, code, owner string, at sidecar.Path, message, hint string) {
	f.findings = append(f.findings, sidecar.Finding{Severity: s, Code: code, Object: f.w.Ref, Sidecar: owner,
		Field:   at.String(),
		Message: message, Hint: hint})
}

func (f *flattener) container(name string) sidecar.Path { return f.w.ContainerPath(name) }

// answering is where the container stands that answers on a port; nil where the
// sidecar has none.
func (f *flattener) answering(a *sidecar.Answer, port int32) sidecar.Path {
	list := "initContainers"
	if a.Placement == sidecar.Beside {
		list = "containers"
	}
	all := a.Change.Containers
	for i := range all {
		if slices.ContainsFunc(all[i].Ports, func(p corev1.ContainerPort) bool { return p.ContainerPort == port }) {
			return f.spec.To(list).At("name", all[i].Name)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return f.spec.To(list).At("name", all[0].Name)
}

// containerHint is the way out where the manifest has a container of a sidecar's
// name: another one, or the sidecar itself with changes.
const containerHint = "give the sidecar another name; or, if it is the sidecar's own, write what differs into its " +
	"override"
