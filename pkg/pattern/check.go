package pattern

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// isWindowsOnly reports whether the pod can be scheduled to Windows nodes only.
func isWindowsOnly(a *corev1.Affinity) bool {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	terms := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms // one of them must match
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

// CheckLinux finds pods that can't run a sidecar: those without a container to serve, and
// those on Windows nodes.
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

// AddUnfit adds a finding that a field of the pod makes it unfit for the sidecar.
func AddUnfit(w *sidecar.Workload, fs *sidecar.Findings, code, message, hint string, at ...string) {
	*fs = append(*fs, sidecar.Finding{Severity: sidecar.Error, Code: code, Object: w.Ref, Unfit: true,
		Field: w.Template.To("spec").To(at...).String(), Message: message, Hint: hint})
}

// RunningContainers returns the containers that run as long as the pod: ordinary ones and
// native sidecars.
func RunningContainers(w *sidecar.Workload) []corev1.Container {
	all := slices.Clone(w.Pod.Spec.Containers)
	for _, c := range w.Pod.Spec.InitContainers {
		if sidecar.RunsWithPod(&c) {
			all = append(all, c)
		}
	}
	return all
}

// DescribeTCPPorts lists the TCP ports that a container declares, as in "9200 (http)".
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

// CheckSecretKeys finds a Secret of the input that lacks keys. Code, field and hint are those
// of the finding.
func CheckSecretKeys(w *sidecar.Workload, code, field, secret string, keys []string, hint string,
	fs *sidecar.Findings) {
	have, known := w.Secrets[secret]
	if !known || secret == "" {
		return
	}
	var missing []string
	for _, key := range keys {
		if !slices.Contains(have, key) {
			missing = append(missing, key)
		}
	}
	if missing != nil {
		fs.Add(sidecar.Error, code, field,
			fmt.Sprintf("Secret %s has no key %s (it has %s)", secret, strings.Join(missing, ", "), JoinSorted(have)), hint)
	}
}
