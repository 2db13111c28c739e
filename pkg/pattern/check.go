package pattern

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// isWindowsOnly reports whether all nodes that a pod may come to run Windows.
func isWindowsOnly(a *corev1.Affinity) bool {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	terms := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms // any of them
	return len(terms) > 0 && !slices.ContainsFunc(terms, func(t corev1.NodeSelectorTerm) bool {
		return !slices.ContainsFunc(t.MatchExpressions, func(e corev1.NodeSelectorRequirement) bool {
			return e.Key == corev1.LabelOSStable && e.Operator == corev1.NodeSelectorOpIn &&
				slices.Equal(e.Values, []string{"windows"})
		})
	})
}

// CheckPodNetwork finds pods in which nothing can be moved to 127.0.0.1.
func CheckPodNetwork(w *sidecar.Workload, fs *sidecar.Findings) {
	CheckLinux(w, fs)
	if w.Pod.Spec.HostNetwork {
		AddUnfit(w, fs, "host-network",
			"the pod uses the host network: every program on the node could reach the app, and two of these pods would collide",
			"remove hostNetwork, or exclude this workload", "hostNetwork")
	}
}

// CheckLinux finds pods in which none of our images runs.
func CheckLinux(w *sidecar.Workload, fs *sidecar.Findings) {
	spec := &w.Pod.Spec
	if w.App == nil {
		AddUnfit(w, fs, "no-container", "the pod has no container to serve", "write app", "containers")
	}
	if spec.OS != nil && spec.OS.Name == corev1.Windows {
		AddUnfit(w, fs, "windows", "the sidecar's image runs on Linux only", "exclude this workload", "os", "name")
	} else if spec.NodeSelector[corev1.LabelOSStable] == "windows" {
		AddUnfit(w, fs, "windows", "the sidecar's image runs on Linux only", "exclude this workload", "nodeSelector",
			corev1.LabelOSStable)
	} else if spec.SecurityContext != nil && spec.SecurityContext.WindowsOptions != nil {
		AddUnfit(w, fs, "windows", "the sidecar's image runs on Linux only", "exclude this workload", "securityContext",
			"windowsOptions")
	} else if isWindowsOnly(spec.Affinity) {
		AddUnfit(w, fs, "windows", "the sidecar's image runs on Linux only", "exclude this workload", "affinity",
			"nodeAffinity")
	}
}

// AddUnfit says of a place of the pod that makes it none for the sidecar.
func AddUnfit(w *sidecar.Workload, fs *sidecar.Findings, code, message, hint string, at ...string) {
	*fs = append(*fs, sidecar.Finding{Severity: sidecar.Error, Code: code, Object: w.Ref, Unfit: true,
		Field: w.Template.To("spec").To(at...).String(), Message: message, Hint: hint})
}

// RunningContainers are the containers of the pod that run as long as it: ordinary ones
// and native sidecars.
func RunningContainers(w *sidecar.Workload) []corev1.Container {
	all := slices.Clone(w.Pod.Spec.Containers)
	for _, c := range w.Pod.Spec.InitContainers {
		if sidecar.RunsWithPod(&c) {
			all = append(all, c)
		}
	}
	return all
}

// DescribeTCPPorts are the TCP ports that a container declares, as "9200 (http)".
func DescribeTCPPorts(c *corev1.Container) []string {
	var out []string
	for _, p := range c.Ports {
		if sidecar.IsTCP(p.Protocol) {
			s := strconv.Itoa(int(p.ContainerPort))
			if p.Name != "" {
				s += " (" + p.Name + ")"
			}
			out = append(out, s)
		}
	}
	return out
}
