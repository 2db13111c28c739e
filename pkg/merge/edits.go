// Package merge turns the answers of sidecars into edits, which are values with an
// address. Equal values at one address are merged, different ones are conflicts. The
// package also computes the pod with its sidecars, and the pod without them.
package merge

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Edits returns the edits of all sidecars of a workload. Addresses use keys, never
// positions. Init containers come in their final order.
func Edits(w *sidecar.Workload, answers []sidecar.Answer) ([]sidecar.Edit, sidecar.Findings) {
	f := newFlattener(w)
	f.edits = make([]sidecar.Edit, 0, 8*len(answers))
	answers = f.redirectContainers(answers)
	for i := range answers {
		f.findings = append(f.findings, answers[i].Change.Notes...)
	}
	f.flatten(answers, func(*field) bool { return true })
	f.raisePodResources(answers)
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

// flatten posts the edits of those fields for which selected returns true.
func (f *flattener) flatten(answers []sidecar.Answer, selected func(*field) bool) {
	for i := range answers {
		for j := range fields {
			if fd := &fields[j]; fd.pod != nil && selected(fd) {
				for _, e := range fd.pod(f, &answers[i]) {
					f.post(answers[i].Name, e)
				}
			}
		}
	}
	for j := range fields {
		if fd := &fields[j]; fd.all != nil && selected(fd) {
			fd.all(f, answers)
		}
	}
}

// post adds an edit of the workload itself.
func (f *flattener) post(owner string, e sidecar.Edit) {
	e.Owner, e.Object, e.View = owner, f.w.Ref, f.w
	f.edits = append(f.edits, e)
}

// report adds a finding about a path of the workload.
func (f *flattener) report(s sidecar.Severity, code, owner string, at sidecar.Path, message, hint string) {
	f.findings = append(f.findings, sidecar.Finding{Severity: s, Code: code, Object: f.w.Ref, Sidecar: owner,
		Field:   at.String(),
		Message: message, Hint: hint})
}

func (f *flattener) containerPath(name string) sidecar.Path { return f.w.ContainerPath(name) }

// containerAt returns the path of the sidecar's container that declares a port, or else
// of its first one; nil if the sidecar has no container.
func (f *flattener) containerAt(a *sidecar.Answer, port int32) sidecar.Path {
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

// containerHint is the hint if the manifest has a container of a sidecar's name: another
// container, or the generated one with changes.
const containerHint = "give the sidecar another name, or, if the container is the sidecar's own, move the changes " +
	"into the override"
