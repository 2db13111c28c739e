// Package step holds steps before the app that are a short script each: Sysctl, Permissions,
// Fetch and WaitFor.
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

// Each step is a small shell script. Everything that users write is passed to it as
// arguments, and is never part of the script.

//go:embed files
var scripts embed.FS

// stepScript returns the command that runs one of files.
func stepScript(name string) []string {
	text, err := scripts.ReadFile("files/" + name + ".sh")
	if err != nil {
		panic(fmt.Sprintf("pattern: no script %s: %v", name, err))
	}
	return pattern.ShellCommand(name, string(text))
}

// escapeArgs escapes arguments so that the kubelet doesn't change them: it expands $(NAME)
// as a variable, and $$ as $.
func escapeArgs(args ...string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = strings.ReplaceAll(a, "$", "$$")
	}
	return out
}

// stepSize: a shell and the programs that it runs. The pod needs no more for it than the
// app needs later, since init containers have ended by then.
var stepSize = pattern.Size{CPU: "10m", Memory: "16Mi", MaxMemory: "64Mi", FixedCPU: "100m"}

// podVolume finds a volume of the pod. Volume claims of a StatefulSet have no source.
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

// checkWritable finds volumes that don't exist or are read-only.
func checkWritable(w *sidecar.Workload, field, name string, fs *sidecar.Findings) (v corev1.Volume, ok bool) {
	v, ok = podVolume(w, name)
	if !ok {
		names := pattern.VolumeNames(w)
		hint := "there are: " + pattern.JoinSorted(names)
		if near := nearest.Name(name, names); near != "" {
			hint = "did you mean " + near
		}
		fs.AddUnfit(sidecar.Error, "volume-missing", field, "the pod has no volume "+name, hint)
		return v, false
	}
	if pattern.IsReadOnlySource(&v.VolumeSource) {
		fs.Add(sidecar.Error, "volume-read-only", field, "volume "+name+" is read-only", "name a volume of another kind")
		return v, false
	}
	return v, true
}

// storageResources returns the resources for a volume's ephemeral storage. The scheduler
// and the kubelet compare an init container's resources with the sum of the containers that
// run as long as the pod, and the larger one counts. So the result is that sum in the
// manifest, plus the volume.
func storageResources(w *sidecar.Workload, volume resource.Quantity) corev1.ResourceRequirements {
	request, limit := volume.DeepCopy(), volume.DeepCopy()
	limited := false
	for _, c := range pattern.RunningContainers(w) {
		if slices.Contains(w.Added, c.Name) {
			continue // added by an earlier run, which decided without it
		}
		if q, ok := c.Resources.Requests[corev1.ResourceEphemeralStorage]; ok {
			request.Add(q)
		} else if q, ok := c.Resources.Limits[corev1.ResourceEphemeralStorage]; ok { // it's the request too
			request.Add(q)
		}
		if q, ok := c.Resources.Limits[corev1.ResourceEphemeralStorage]; ok {
			limit.Add(q)
			limited = true
		}
	}
	r := corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceEphemeralStorage: request}}
	if limited { // otherwise it would be the pod's only limit, and also count the app's own files
		r.Limits = corev1.ResourceList{corev1.ResourceEphemeralStorage: limit}
	}
	return r
}
