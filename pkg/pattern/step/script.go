// Package step holds the steps before the app that are a short script each: Sysctl,
// Permissions, Fetch and WaitFor.
package step

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// What steps before the app have in common: a small script for a shell, which gets
// all that users write as arguments. No word of theirs is ever part of a script.

//go:embed files
var scripts embed.FS

// stepScript runs one of files. The lines before its own words are for editors
// and shellcheck.
func stepScript(name string) []string {
	text, err := scripts.ReadFile("files/" + name + ".sh")
	if err != nil {
		panic(fmt.Sprintf("pattern: no script %s: %v", name, err))
	}
	body := string(text)
	return []string{"sh", "-c", body[strings.Index(body, "# Written"):], name}
}

// escapeArgs writes arguments so that the kubelet leaves them as they are: it takes
// $(NAME) for a variable's value, and $$ for $.
func escapeArgs(args ...string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = strings.ReplaceAll(a, "$", "$$")
	}
	return out
}

// stepSize: a shell and what it calls. The pod needs no more for it than the app
// needs later, since init containers have ended by then.
var stepSize = pattern.Size{CPU: "10m", Memory: "16Mi", MaxMemory: "64Mi", FixedCPU: "100m"}

// asRoot is a securityContext of the user root with these capabilities only. Pod
// Security's level baseline admits it, restricted doesn't.
func asRoot(capabilities ...corev1.Capability) *corev1.SecurityContext {
	c := pattern.RestrictedSecurityContext(pattern.Image{})
	c.RunAsNonRoot = new(false)
	c.Capabilities.Add = capabilities
	return c
}

// enforcesLevel reports whether the namespace refuses what isn't admitted at a level.
func enforcesLevel(w *sidecar.Workload, level string) bool {
	return w.PodSecurity == "restricted" || w.PodSecurity == level
}

// checkAdmitted finds namespaces that refuse what is to be done.
func checkAdmitted(w *sidecar.Workload, level, field, what, hint string, fs *sidecar.Findings) {
	if enforcesLevel(w, level) {
		fs.Add(sidecar.Error, "pod-security", field,
			fmt.Sprintf("the namespace's label %s: %s refuses %s", sidecar.PodSecurityLabel, w.PodSecurity, what), hint)
	}
}

// podVolume is a volume of the pod by its name. Those that a StatefulSet claims have
// no source of their own.
func podVolume(w *sidecar.Workload, name string) (v corev1.Volume, found bool) {
	for _, v := range w.Pod.Spec.Volumes {
		if v.Name == name {
			return v, true
		}
	}
	for _, claim := range w.Claims {
		if claim == name {
			return corev1.Volume{Name: name}, true
		}
	}
	return corev1.Volume{}, false
}

// checkWritable finds names of volumes that aren't there, or that nobody can write to.
func checkWritable(w *sidecar.Workload, field, name string, fs *sidecar.Findings) (v corev1.Volume, ok bool) {
	v, ok = podVolume(w, name)
	if !ok {
		names := pattern.VolumeNames(w)
		hint := "there are: " + pattern.JoinSorted(names)
		if near := nearest.Name(name, names); near != "" {
			hint = "did you mean " + near
		}
		fs.Add(sidecar.Error, "volume-missing", field, "the pod has no volume "+name, hint)
		return v, false
	}
	if pattern.IsReadOnlySource(&v.VolumeSource) {
		fs.Add(sidecar.Error, "volume-read-only", field, "volume "+name+" is read-only", "name a volume of another kind")
		return v, false
	}
	return v, true
}

// storageResources is what is asked for in ephemeral storage: what a volume may take besides
// all that the manifest's containers that run as long as the pod want for themselves. The
// scheduler and the kubelet compare it with their sum, and the larger one counts.
func storageResources(w *sidecar.Workload, volume resource.Quantity) corev1.ResourceRequirements {
	request, limit := volume.DeepCopy(), volume.DeepCopy()
	limited := false
	for _, c := range pattern.RunningContainers(w) {
		if slices.Contains(w.Added, c.Name) {
			continue // a first run hasn't seen it
		}
		if q, ok := c.Resources.Requests[corev1.ResourceEphemeralStorage]; ok {
			request.Add(q)
		} else if q, ok := c.Resources.Limits[corev1.ResourceEphemeralStorage]; ok { // is the request, too
			request.Add(q)
		}
		if q, ok := c.Resources.Limits[corev1.ResourceEphemeralStorage]; ok {
			limit.Add(q)
			limited = true
		}
	}
	r := corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceEphemeralStorage: request}}
	if limited { // without one, a limit here would be the pod's only one, and count the app's own files
		r.Limits = corev1.ResourceList{corev1.ResourceEphemeralStorage: limit}
	}
	return r
}
