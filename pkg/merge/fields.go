package merge

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A field says what one field of a Change does to a pod. What is laid on, what the view
// of others shows of it, and what is taken off again for a pod without the sidecars: it
// all comes from here.
type field struct {
	name string // in YAML, from the top of a Change
	why  string // of one that has no functions: who deals with it

	pod func(*flattener, *sidecar.Answer) []sidecar.Edit // what it puts into the pod
	// what it puts into a container that is served; paths begin there
	app    func(*corev1.Container, *sidecar.App) []sidecar.Edit
	all    func(*flattener, []sidecar.Answer) // posts its edits, where those of all sidecars depend on each other
	shared bool                               // the pod has it as a whole, and other sidecars go by it
}

// fields is the table. Edits come in its order.
var fields = []field{
	{name: "volumes", pod: putVolumes},
	{name: "containers", pod: putOrdinaryContainers}, // native sidecars come with the init containers
	{name: "takeovers", pod: removePorts},
	{name: "pod.shareProcessNamespace", pod: putShareProcessNamespace, shared: true},
	{name: "pod.fsGroup", pod: putFSGroup, shared: true},
	{name: "pod.fsGroupChangePolicy", pod: putFSGroupChangePolicy, shared: true},
	{name: "pod.annotations", pod: putAnnotations},
	{name: "pod.sysctls", pod: putSysctls, shared: true},
	{name: "pod.imagePullSecrets", pod: putImagePullSecrets},
	{name: "pod.minGracePeriodSeconds", all: (*flattener).grace, shared: true},
	// with those of app.args and app.volumeMounts, container by container
	{name: "app.env", app: envOf, all: (*flattener).apps},
	{name: "app.args", app: argsOf},
	{name: "app.volumeMounts", app: mountsOf},
	{name: "servicePorts", all: (*flattener).servicePorts},
	{name: "initContainers", all: (*flattener).inits},
	{name: "phase", all: (*flattener).mark}, // and the order of the init containers

	{name: "app.replacesCMD", why: "app.args goes by it"},
	{name: "app.drainSeconds", why: "package neighbour makes a hook of it, together with the app's own"},
	{name: "likeApp", why: "Likened fills the containers in before"},
	{name: "objects", why: "they're emitted"},
	{name: "claims", why: "package verify compares them"},
	{name: "Overlaid", why: "who lays overrides on goes by it"},
	{name: "Notes", why: "they're findings"},
}

func putVolumes(f *flattener, a *sidecar.Answer) (edits []sidecar.Edit) {
	for _, v := range a.Change.Volumes {
		edits = append(edits, sidecar.Edit{Path: f.spec.To("volumes").At("name", v.Name), Value: v})
	}
	return edits
}

func putOrdinaryContainers(f *flattener, a *sidecar.Answer) (edits []sidecar.Edit) {
	if a.Placement != sidecar.Beside {
		return nil
	}
	for _, c := range a.Change.Containers {
		edits = append(edits, sidecar.Edit{Path: f.spec.To("containers").At("name", c.Name), Value: c, Hint: containerHint})
	}
	return edits
}

// removePorts takes the ports that the sidecar answers on now from the app. Where the
// sidecar only stands in front, the app's port stays with it.
func removePorts(f *flattener, a *sidecar.Answer) (edits []sidecar.Edit) {
	for _, t := range a.Change.Takeovers {
		if t.MovesApp() {
			port := f.container(a.App.Name).To("ports").At("containerPort", strconv.Itoa(int(t.Port)))
			edits = append(edits, sidecar.Edit{Path: port, Delete: true, By: f.answering(a, t.Port)})
		}
	}
	return edits
}

func putShareProcessNamespace(f *flattener, a *sidecar.Answer) []sidecar.Edit {
	if a.Change.Pod.ShareProcessNamespace == nil {
		return nil
	}
	return []sidecar.Edit{{Path: f.spec.To("shareProcessNamespace"), Value: *a.Change.Pod.ShareProcessNamespace}}
}

func putFSGroup(f *flattener, a *sidecar.Answer) []sidecar.Edit {
	if a.Change.Pod.FSGroup == nil {
		return nil
	}
	return []sidecar.Edit{{Path: f.spec.To("securityContext", "fsGroup"), Value: *a.Change.Pod.FSGroup}}
}

func putFSGroupChangePolicy(f *flattener, a *sidecar.Answer) []sidecar.Edit {
	if a.Change.Pod.FSGroupChangePolicy == "" {
		return nil
	}
	return []sidecar.Edit{{Path: f.spec.To("securityContext", "fsGroupChangePolicy"),
		Value: string(a.Change.Pod.FSGroupChangePolicy)}}
}

func putAnnotations(f *flattener, a *sidecar.Answer) (edits []sidecar.Edit) {
	all := a.Change.Pod.Annotations
	for _, key := range slices.Sorted(maps.Keys(all)) {
		edits = append(edits, sidecar.Edit{Path: f.w.Template.To("metadata", "annotations", key), Value: all[key]})
	}
	return edits
}

// putSysctls addresses a setting as the manifest spells it; else with dots, so that two
// sidecars that want it mean one.
func putSysctls(f *flattener, a *sidecar.Answer) (edits []sidecar.Edit) {
	for _, s := range a.Change.Pod.Sysctls {
		s.Name = sidecar.SysctlName(s.Name)
		if sc := f.w.Pod.Spec.SecurityContext; sc != nil {
			i := slices.IndexFunc(sc.Sysctls, func(have corev1.Sysctl) bool { return sidecar.SysctlName(have.Name) == s.Name })
			if i >= 0 {
				s.Name = sc.Sysctls[i].Name
			}
		}
		edits = append(edits, sidecar.Edit{Path: f.spec.To("securityContext", "sysctls").At("name", s.Name), Value: s})
	}
	return edits
}

func putImagePullSecrets(f *flattener, a *sidecar.Answer) (edits []sidecar.Edit) {
	for _, s := range a.Change.Pod.ImagePullSecrets {
		edits = append(edits, sidecar.Edit{Path: f.spec.To("imagePullSecrets").At("name", s.Name), Value: s})
	}
	return edits
}

// envOf are the variables with the values that they come to have: what is appended
// stands behind what the container has.
func envOf(c *corev1.Container, app *sidecar.App) (edits []sidecar.Edit) {
	for _, v := range app.Env {
		i := slices.IndexFunc(c.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
		if i >= 0 && v.AppendWith != "" && c.Env[i].ValueFrom == nil {
			v.Value = joined(c.Env[i].Value, v.Value, v.AppendWith)
		}
		edits = append(edits, sidecar.Edit{Path: sidecar.Fields("env").At("name", v.Name), Value: v.EnvVar})
	}
	return edits
}

func argsOf(_ *corev1.Container, app *sidecar.App) (edits []sidecar.Edit) {
	for _, arg := range app.Args {
		edits = append(edits, sidecar.Edit{Path: sidecar.Fields("args").At(".", arg), Value: arg})
	}
	return edits
}

func mountsOf(_ *corev1.Container, app *sidecar.App) (edits []sidecar.Edit) {
	for _, m := range app.VolumeMounts {
		edits = append(edits, sidecar.Edit{Path: sidecar.Fields("volumeMounts").At("mountPath", m.MountPath), Value: m})
	}
	return edits
}
