package merge

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Edits flattens what all sidecars of a workload want into addressed values;
// addresses use keys, never positions. Init containers come in their final order.
func Edits(w *sidecar.Workload, asked []sidecar.Answer) ([]sidecar.Edit, sidecar.Findings) {
	f := flattener{w: w, spec: w.Template.To("spec"), edits: make([]sidecar.Edit, 0, 16*len(asked))}
	asked = f.redirected(asked)
	volumes, containers := f.spec.To("volumes"), f.spec.To("containers")
	for i := range asked {
		a := &asked[i]
		f.owner = a.Name
		c := a.Change
		for _, v := range c.Volumes {
			f.set(volumes.At("name", v.Name), v)
		}
		if a.Placement == sidecar.Beside {
			for _, ctr := range c.Containers {
				f.set(containers.At("name", ctr.Name), ctr)
				f.edits[len(f.edits)-1].Hint = containerHint
			}
		}
		for _, t := range c.Takeovers {
			if t.Front {
				continue // the app's port stays with it
			}
			f.edits = append(f.edits, sidecar.Edit{Owner: a.Name, Object: w.Ref, Delete: true, By: f.answering(a, t.Port),
				Path: f.container(a.App.Name).To("ports").At("containerPort", strconv.Itoa(int(t.Port)))})
		}
		f.pod(&c.Pod)
		f.findings = append(f.findings, c.Notes...)
	}
	f.grace(asked)
	f.apps(asked)
	f.servicePorts(asked)
	f.inits(asked)
	f.mark(asked)
	return f.edits, f.findings
}

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
const containerHint = "give the sidecar another name; or, if it is the sidecar's own, write what differs into its override"

type flattener struct {
	w        *sidecar.Workload
	spec     sidecar.Path
	owner    string
	edits    []sidecar.Edit
	findings sidecar.Findings
}

func (f *flattener) set(p sidecar.Path, v any) {
	f.edits = append(f.edits, sidecar.Edit{Owner: f.owner, Object: f.w.Ref, Path: p, Value: v, View: f.w})
}

func (f *flattener) container(name string) sidecar.Path { return f.w.ContainerPath(name) }

func (f *flattener) pod(p *sidecar.Pod) {
	if p.ShareProcessNamespace != nil {
		f.set(f.spec.To("shareProcessNamespace"), *p.ShareProcessNamespace)
	}
	if p.FSGroup != nil {
		f.set(f.spec.To("securityContext", "fsGroup"), *p.FSGroup)
	}
	if p.FSGroupChangePolicy != "" {
		f.set(f.spec.To("securityContext", "fsGroupChangePolicy"), string(p.FSGroupChangePolicy))
	}
	for _, key := range slices.Sorted(maps.Keys(p.Annotations)) {
		f.set(f.w.Template.To("metadata", "annotations", key), p.Annotations[key])
	}
	for _, s := range p.Sysctls {
		s = f.sysctl(s)
		f.set(f.spec.To("securityContext", "sysctls").At("name", s.Name), s)
	}
	for _, s := range p.ImagePullSecrets {
		f.set(f.spec.To("imagePullSecrets").At("name", s.Name), s)
	}
}
