package sidecar

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// Asked is a sidecar with its answer.
type Asked struct {
	Name      string
	Placement Placement
	App       *corev1.Container   // whom it serves, the first of several
	Apps      []*corev1.Container // all of them; nil: App alone
	After     []string
	Before    []string
	Change    *Change
}

// DefaultContainerKey names the container that kubectl logs and exec take.
const DefaultContainerKey = "kubectl.kubernetes.io/default-container"

// Edits flattens what all sidecars of a workload want into addressed values;
// addresses use keys, never positions. Init containers come in their final order.
func Edits(w *Workload, asked []Asked) ([]Edit, Findings) {
	f := flattener{w: w, spec: w.Template.To("spec"), edits: make([]Edit, 0, 16*len(asked))}
	asked = f.generated(asked)
	volumes, containers := f.spec.To("volumes"), f.spec.To("containers")
	for i := range asked {
		a := &asked[i]
		f.owner = a.Name
		c := a.Change
		for _, v := range c.Volumes {
			f.set(volumes.At("name", v.Name), v)
		}
		if a.Placement == Beside {
			for _, ctr := range c.Containers {
				f.set(containers.At("name", ctr.Name), ctr)
				f.edits[len(f.edits)-1].Hint = containerHint
			}
		}
		for _, t := range c.Takeovers {
			if t.Front {
				continue // the app's port stays with it
			}
			f.edits = append(f.edits, Edit{Owner: a.Name, Object: w.Ref, Delete: true, By: f.answering(a, t.Port),
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
func (f *flattener) answering(a *Asked, port int32) Path {
	list := "initContainers"
	if a.Placement == Beside {
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
	w        *Workload
	spec     Path
	owner    string
	edits    []Edit
	findings Findings
}

func (f *flattener) set(p Path, v any) {
	f.edits = append(f.edits, Edit{Owner: f.owner, Object: f.w.Ref, Path: p, Value: v, view: f.w})
}

func (f *flattener) container(name string) Path { return f.w.ContainerPath(name) }

// ContainerPath is where a container or init container of the pod stands.
func (w *Workload) ContainerPath(name string) Path {
	list := "containers"
	for _, c := range w.Pod.Spec.InitContainers {
		if c.Name == name {
			list = "initContainers"
		}
	}
	return w.Template.To("spec", list).At("name", name)
}

func (f *flattener) pod(p *Pod) {
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
