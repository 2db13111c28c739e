package pattern

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// CheckPort finds a port that is missing, with a hint what to write, or that is no port.
func CheckPort(field string, port int32, hint string, fs *sidecar.Findings) {
	if port == 0 {
		fs.Add(sidecar.Error, "missing-field", field, "no port is given", hint)
	} else if port < 1 || port > 65535 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%d isn't a valid port", port), "write 1 to 65535")
	}
}

// CheckUnprivilegedPort is for ports that a sidecar listens on by itself.
func CheckUnprivilegedPort(field string, port int32, fs *sidecar.Findings) {
	if CheckPort(field, port, "", fs); port > 0 && port < 1024 {
		fs.Add(sidecar.Error, "bad-value", field,
			fmt.Sprintf("port %d needs root, and the sidecar doesn't run as root", port),
			"write 1024 or more")
	}
}

// CheckObjectName finds what can't be the name of an object, such as a Secret.
func CheckObjectName(field, name string, fs *sidecar.Findings) {
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be the name of an object", name),
			"use lower case letters, digits, - and dots")
	}
}

// CheckEnum finds a value that is none of those allowed. An empty one is a default.
func CheckEnum[T ~string](field string, value T, fs *sidecar.Findings, allowed ...T) {
	if value == "" || slices.Contains(allowed, value) {
		return
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q is unknown", string(value)),
		"write "+strings.Join(words, " or "))
}

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

// RefuseField refuses a field that says nothing, and says why.
func RefuseField(field, why string, fs *sidecar.Findings) {
	fs.Add(sidecar.Error, "bad-value", field, "has no effect: "+why, "remove it")
}

// CheckKey finds what can't be a key of a ConfigMap or Secret.
func CheckKey(field, key string, fs *sidecar.Findings) {
	if key != "" && len(validation.IsConfigMapKey(key)) > 0 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be a key there", key),
			"use letters, digits, -, _ and dots")
	}
}

// CheckEnvName finds what can't be the name of a variable.
func CheckEnvName(field, name string, fs *sidecar.Findings) {
	if len(validation.IsEnvVarName(name)) > 0 {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q can't be the name of a variable", name),
			"use letters, digits, _, - and dots; no digit first")
	}
}

// CheckMountPath finds what can't be a folder in which a volume is mounted.
func CheckMountPath(field, dir string, fs *sidecar.Findings) {
	if dir != "" && !IsFolder(dir) {
		fs.Add(sidecar.Error, "bad-value", field, fmt.Sprintf("%q isn't a valid folder path", dir), "write one like /etc/app")
	}
}
