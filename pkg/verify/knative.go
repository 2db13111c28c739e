package verify

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// FitKnative leaves probes and ports of a sidecar out, since Knative takes those of the app's container only. The
// sidecar works without them, unless somebody else connects to its ports.
func FitKnative(w *sidecar.Workload, c *sidecar.Change) {
	if !w.IsKnative() {
		return
	}
	isPrivate := len(c.Takeovers) == 0 && len(c.Scraped) == 0 && len(c.ServicePorts) == 0
	for i := range c.Containers {
		ctr := &c.Containers[i]
		if isPrivate {
			for _, p := range ctr.Ports { // others still mustn't listen there
				c.Claims = append(c.Claims,
					sidecar.Claim{Port: p.ContainerPort, Protocol: p.Protocol, For: "container " + ctr.Name})
			}
			ctr.Ports = nil
		}
		if !hasProbe(ctr) {
			continue
		}
		ctr.LivenessProbe, ctr.ReadinessProbe, ctr.StartupProbe = nil, nil, nil
		c.Notes.Add(sidecar.Info, "knative", "",
			"Knative takes probes of the app's container only, so container "+ctr.Name+" has none", "")
	}
}

func hasProbe(c *corev1.Container) bool {
	return c.LivenessProbe != nil || c.ReadinessProbe != nil || c.StartupProbe != nil
}

// CheckKnative finds what Knative's webhook refuses of a sidecar, with its features as they are by default, or returns
// nil. See pkg/apis/serving of knative.dev/serving: k8s_validation.go and fieldmask.go.
func CheckKnative(w *sidecar.Workload, c *sidecar.Change) *sidecar.Finding {
	if !w.IsKnative() {
		return nil
	}
	refused := refusedByKnative(w, c, w.Placement)
	if refused == nil {
		return nil
	}
	hint := "exclude this workload"
	if w.Placement != sidecar.Beside && refusedByKnative(w, c, sidecar.Beside) == nil {
		hint = "write placement: beside"
	} else if slices.Equal(refused, []string{appPort}) {
		hint = "declare the port of the app in its container"
	}
	return &sidecar.Finding{Severity: sidecar.Error, Code: "knative", Unfit: true, Hint: hint,
		Message: "Knative refuses " + strings.Join(refused, ", ")}
}

// appPort is what Knative asks of pods with several containers, to know which one serves.
const appPort = "a second container where none declares a port"

// refusedByKnative lists what Knative refuses of a sidecar with a placement.
func refusedByKnative(w *sidecar.Workload, c *sidecar.Change, placement sidecar.Placement) (all []string) {
	add := func(is bool, what string) {
		if is && !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	add(len(c.InitContainers) > 0, "init containers")
	native := placement != sidecar.Beside && len(c.Containers) > 0
	add(native, "native sidecars")
	add(c.App.DrainSeconds > 0, "lifecycle hooks")
	add(len(c.Takeovers) > 0, "a proxy in front of the app, to which its own one connects")
	addPodSettings(&c.Pod, add)
	for i := range c.App.Env {
		addSource(c.App.Env[i].ValueFrom, add)
	}
	for i := range c.Volumes {
		addVolume(&c.Volumes[i], add)
	}
	addMounts(c, c.App.VolumeMounts, add)
	for i := range c.Containers {
		addContainer(c, &c.Containers[i], add)
	}
	declares := func(c corev1.Container) bool { return len(c.Ports) > 0 }
	add(!native && len(c.Containers) > 0 && !slices.ContainsFunc(w.Pod.Spec.Containers, declares), appPort)
	return all
}

func addPodSettings(p *sidecar.Pod, add func(is bool, what string)) {
	const usual = 30 // terminationGracePeriodSeconds, if nothing is written
	add(p.FSGroup != nil || len(p.Sysctls) > 0, "the pod's securityContext")
	add(p.ShareProcessNamespace != nil, "shareProcessNamespace")
	add(p.MinGracePeriodSeconds > usual, "terminationGracePeriodSeconds")
}

func addContainer(of *sidecar.Change, c *corev1.Container, add func(is bool, what string)) {
	add(c.Lifecycle != nil, "lifecycle hooks")
	add(len(c.Ports) > 0, "ports of a second container")
	add(hasProbe(c), "probes of a second container") // of an override, see FitKnative
	for i := range c.Env {
		addSource(c.Env[i].ValueFrom, add)
	}
	addMounts(of, c.VolumeMounts, add)
	if sc := c.SecurityContext; sc != nil {
		add(sc.Privileged != nil && *sc.Privileged, "privileged containers")
		add(sc.Capabilities != nil && len(sc.Capabilities.Add) > 0, "added capabilities")
	}
}

func addSource(from *corev1.EnvVarSource, add func(is bool, what string)) {
	add(from != nil && (from.FieldRef != nil || from.ResourceFieldRef != nil), "variables with fields of the pod")
}

func addVolume(v *corev1.Volume, add func(is bool, what string)) {
	add(v.HostPath != nil || v.CSI != nil || v.Ephemeral != nil || v.Image != nil,
		"volumes of other kinds than ConfigMap, Secret, projected, emptyDir and persistentVolumeClaim")
}

// addMounts finds mounts that aren't read-only of volumes that have to be.
func addMounts(of *sidecar.Change, mounts []corev1.VolumeMount, add func(is bool, what string)) {
	for _, m := range mounts {
		i := slices.IndexFunc(of.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if i >= 0 && of.Volumes[i].EmptyDir == nil && of.Volumes[i].PersistentVolumeClaim == nil {
			add(!m.ReadOnly, "mounts of ConfigMaps and Secrets that aren't readOnly")
		}
	}
}
