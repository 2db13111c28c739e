package sidecar

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Asked is a sidecar with its answer.
type Asked struct {
	Name      string
	Placement Placement
	App       *corev1.Container // whom it serves
	After     []string
	Before    []string
	Change    *Change
}

// PatternsKey is the annotation that names a workload's sidecars, on the object
// and on its pod template: people, guards and policies can see it.
const PatternsKey = "outrigger.dev/patterns"

// DefaultContainerKey names the container that kubectl logs and exec take.
const DefaultContainerKey = "kubectl.kubernetes.io/default-container"

// Edits flattens what all sidecars of a workload want into addressed values;
// addresses use keys, never positions. Init containers come in their final order.
func Edits(w *Workload, asked []Asked) ([]Edit, Findings) {
	f := flattener{w: w, spec: w.Template.To("spec")}
	for _, a := range asked {
		f.owner = a.Name
		c := a.Change
		for _, v := range c.Volumes {
			f.set(f.spec.To("volumes").At("name", v.Name), v)
		}
		if a.Placement == Beside {
			for _, ctr := range c.Containers {
				f.set(f.spec.To("containers").At("name", ctr.Name), ctr)
				f.edits[len(f.edits)-1].Hint = containerHint
			}
		}
		f.app(a.App, &c.App)
		for _, t := range c.Takeovers {
			f.edits = append(f.edits, Edit{Owner: a.Name, Object: w.Ref, Delete: true,
				Path: f.container(a.App.Name).To("ports").At("containerPort", strconv.Itoa(int(t.Port)))})
		}
		f.pod(&c.Pod)
		f.servicePorts(c.ServicePorts)
		f.findings = append(f.findings, c.Notes...)
	}
	f.inits(asked)
	f.marker(asked)
	return f.edits, f.findings
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
	f.edits = append(f.edits, Edit{Owner: f.owner, Object: f.w.Ref, Path: p, Value: v})
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

func (f *flattener) app(c *corev1.Container, a *App) {
	at := f.container(c.Name)
	for _, e := range a.Env {
		f.set(at.To("env").At("name", e.Name), e)
	}
	if len(a.Args) > 0 && len(c.Args) == 0 && len(c.Command) == 0 {
		f.findings = append(f.findings, Finding{Severity: Warning, Code: "args-replace-cmd", Object: f.w.Ref, Sidecar: f.owner, Field: at.To("args").String(),
			Message: "the container has no args of its own: those added replace the image's CMD", Hint: "write the image's CMD into the manifest's args"})
	}
	for _, arg := range a.Args {
		f.set(at.To("args").At(".", arg), arg)
	}
	for _, m := range a.VolumeMounts {
		f.set(at.To("volumeMounts").At("mountPath", m.MountPath), m)
	}
}

func (f *flattener) pod(p *Pod) {
	if p.ShareProcessNamespace != nil {
		f.set(f.spec.To("shareProcessNamespace"), *p.ShareProcessNamespace)
	}
	for _, s := range p.Sysctls {
		f.set(f.spec.To("securityContext", "sysctls").At("name", s.Name), s)
	}
	for _, s := range p.ImagePullSecrets {
		f.set(f.spec.To("imagePullSecrets").At("name", s.Name), s)
	}
}

func (f *flattener) servicePorts(ports []corev1.ServicePort) {
	if len(ports) > 0 && len(f.w.Services) == 0 {
		f.findings = append(f.findings, Finding{Severity: Warning, Code: "service-missing", Object: f.w.Ref, Sidecar: f.owner,
			Message: "no Service among the manifests selects these pods, so none gets the port", Hint: "render the Service together with the workload"})
	}
	for _, s := range f.w.Services {
		at := Fields("spec", "ports")
		if len(s.Spec.Ports) == 1 && s.Spec.Ports[0].Name == "" && len(ports) > 0 { // one port of several must have a name
			n := strconv.Itoa(int(s.Spec.Ports[0].Port))
			f.edits = append(f.edits, Edit{Owner: f.owner, Object: s.Ref, Path: at.At("port", n).To("name"), Value: "port-" + n})
		}
		for _, p := range ports {
			f.edits = append(f.edits, Edit{Owner: f.owner, Object: s.Ref, Path: at.At("name", p.Name), Value: p})
		}
	}
}

// inits puts all init containers and native sidecars in order, those that the
// manifest has and the new ones, and says of each new one what it stands before.
func (f *flattener) inits(asked []Asked) {
	var all []Init
	there := map[string]bool{}
	for _, c := range f.w.Pod.Spec.InitContainers {
		all = append(all, Init{Name: c.Name, Phase: PhaseUser, There: true})
		there[c.Name] = true
	}
	value := map[string]corev1.Container{}
	owner := map[string]string{}
	for _, a := range asked {
		for _, c := range a.Change.InitContainers {
			all = addInit(all, there, a, c.Name, PhaseMigrate)
			value[c.Name], owner[c.Name] = c, a.Name
		}
		if a.Placement != Native {
			continue
		}
		for _, c := range a.Change.Containers {
			c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
			all = addInit(all, there, a, c.Name, PhaseAgent)
			if old, twice := value[c.Name]; twice && !sameJSON(old, c) {
				f.findings = append(f.findings, Finding{Severity: Error, Code: "conflict", Object: f.w.Ref, Sidecar: a.Name, Field: f.spec.To("initContainers").At("name", c.Name).String(),
					Message: owner[c.Name] + " and " + a.Name + " want different containers of one name", Hint: "give one of them another name"})
			}
			value[c.Name], owner[c.Name] = c, a.Name
		}
	}
	order, fs := Order(all)
	for i := range fs {
		fs[i].Object = f.w.Ref
	}
	f.findings = append(f.findings, fs...)
	for i, in := range order {
		c, new := value[in.Name]
		if !new {
			continue
		}
		before := ""
		for _, next := range order[i+1:] {
			if there[next.Name] {
				before = next.Name
				break
			}
		}
		f.edits = append(f.edits, Edit{Owner: owner[in.Name], Object: f.w.Ref, Before: before, Hint: containerHint,
			Path: f.spec.To("initContainers").At("name", in.Name), Value: c})
	}
}

// addInit appends an entry, or gives one that an earlier run has laid on its
// phase: it keeps its place.
func addInit(all []Init, there map[string]bool, a Asked, name string, phase Phase) []Init {
	if a.Change.Phase != 0 {
		phase = a.Change.Phase
	}
	if there[name] || slices.ContainsFunc(all, func(in Init) bool { return in.Name == name }) {
		return all
	}
	return append(all, Init{Name: name, Phase: phase, After: a.After, Before: a.Before})
}

// marker names the sidecars on the object and its pod template. Names that
// another config has put there stay.
func (f *flattener) marker(asked []Asked) {
	f.owner = ""
	for _, at := range []Path{{}, f.w.Template} {
		have := f.w.Pod.Annotations[PatternsKey]
		if len(at) == 0 {
			have = f.w.Annotations[PatternsKey]
		}
		list := strings.FieldsFunc(have, func(r rune) bool { return r == ',' })
		for _, a := range asked {
			if !slices.Contains(list, a.Name) {
				list = append(list, a.Name)
			}
		}
		e := Edit{Object: f.w.Ref, Path: at.To("metadata", "annotations", PatternsKey), Value: strings.Join(list, ",")}
		if have != "" {
			e.Was = have
		}
		f.edits = append(f.edits, e)
		if len(f.w.Template) == 0 {
			return
		}
	}
}
