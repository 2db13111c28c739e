package merge

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A field describes what one field of a Change does to a pod. The edits, the view that
// other sidecars get, and the pod without the sidecars are all computed from these rows.
type field struct {
	name string // in YAML, from the top of a Change
	why  string // of a field without functions: what handles it instead

	pod func(*flattener, *sidecar.Answer) []sidecar.Edit // its edits of the pod
	// its edits of a container that is served; paths begin at the container
	app    func(*corev1.Container, *sidecar.App) []sidecar.Edit
	all    func(*flattener, []sidecar.Answer) // posts its edits if those of all sidecars depend on each other
	shared bool                               // a setting of the whole pod that other sidecars depend on
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
	{name: "pod.minGracePeriodSeconds", all: (*flattener).raiseGracePeriod, shared: true},
	// flattenApps also posts the edits of the other lists of app, container by container
	{name: "app.env", app: envOf, all: (*flattener).flattenApps},
	{name: "app.args", app: argsOf},
	{name: "app.volumeMounts", app: mountsOf},
	{name: "app.ports", app: portsOf},
	{name: "servicePorts", all: (*flattener).flattenServicePorts},
	{name: "initContainers", all: (*flattener).flattenInits},
	{name: "initPhase", why: "flattenInits and writeMarkers read it"},
	{name: "phase", all: (*flattener).writeMarkers}, // it also orders the init containers

	{name: "app.replacesCMD", why: "flattenArgs reads it"},
	{name: "app.drainSeconds", why: "package neighbour merges it with the app's own hook"},
	{name: "likeApp", why: "ResolveLikeApp has filled the containers in"},
	{name: "objects", why: "package rig emits them"},
	{name: "claims", why: "package verify compares them"},
	{name: "dials", why: "package neighbour holds them against policies and meshes"},
	{name: "scraped", why: "package neighbour holds them against policies"},
	{name: "OverrideApplied", why: "package rig reads it before it applies overrides"},
	{name: "NeedsEnv", why: "package verify looks for them among all variables"},
	{name: "AsInit", why: "package verify names it in hints"},
	{name: "Notes", why: "Edits returns them as findings"},
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

// removePorts removes the ports that the sidecar takes over from the app's container. A
// takeover with front leaves the app's port.
func removePorts(f *flattener, a *sidecar.Answer) (edits []sidecar.Edit) {
	for _, t := range a.Change.Takeovers {
		if !t.MovesApp() {
			continue
		}
		ports, by := f.containerPath(a.App.Name).To("ports"), f.containerAt(a, t.Port)
		names := namesOfPort(a.App, t.Port)
		for _, name := range names {
			edits = append(edits, sidecar.Edit{Path: ports.At("name", name), Delete: true, By: by})
		}
		if names == nil {
			port := ports.At("containerPort", strconv.Itoa(int(t.Port)))
			edits = append(edits, sidecar.Edit{Path: port, Delete: true, By: by})
		}
	}
	return edits
}

// namesOfPort returns the names of a TCP port that a container declares more than once. It returns nil if the number
// tells its entries apart, or the names don't.
func namesOfPort(c *corev1.Container, port int32) (names []string) {
	for i := range c.Ports {
		p := &c.Ports[i]
		if p.ContainerPort != port || !sidecar.IsTCP(p.Protocol) {
			continue
		}
		if p.Name == "" {
			return nil
		}
		names = append(names, p.Name)
	}
	if len(names) < 2 {
		return nil
	}
	return names
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

// putSysctls addresses a sysctl as the manifest spells it, or else with dots, so that two
// sidecars get one address for it.
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

// envOf returns edits of the variables with their final values: a value with appendWith
// comes after the container's own.
func envOf(c *corev1.Container, app *sidecar.App) (edits []sidecar.Edit) {
	for _, v := range app.Env {
		i := slices.IndexFunc(c.Env, func(have corev1.EnvVar) bool { return have.Name == v.Name })
		if i >= 0 && v.AppendWith != "" && c.Env[i].ValueFrom == nil {
			v.Value = appendPart(c.Env[i].Value, v.Value, v.AppendWith)
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

// portsOf leaves out ports that the container declares in another way, as with a name.
func portsOf(c *corev1.Container, app *sidecar.App) (edits []sidecar.Edit) {
	for _, number := range app.Ports {
		port := corev1.ContainerPort{ContainerPort: number}
		i := slices.IndexFunc(c.Ports, func(have corev1.ContainerPort) bool {
			return have.ContainerPort == number && sidecar.IsTCP(have.Protocol)
		})
		if i < 0 || c.Ports[i] == port {
			at := sidecar.Fields("ports").At("containerPort", strconv.Itoa(int(number)))
			edits = append(edits, sidecar.Edit{Path: at, Value: port})
		}
	}
	return edits
}
