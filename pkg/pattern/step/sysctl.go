package step

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Sysctl sets kernel settings. Settings that each pod has for itself are written into its
// securityContext.sysctls. Limits that only the node has are raised by an init container,
// the only privileged container that outrigger adds. It's added only for these limits, it
// never lowers one, and it ends before the app starts. A raised limit stays for all pods of
// the node. If the nodes are yours, set the limits in their own configuration.
type Sysctl struct {
	// Sysctls are the settings, with names and values as in a pod's
	// securityContext.sysctls: {name: vm.max_map_count, value: "262144"}.
	Sysctls []corev1.Sysctl `json:"sysctls" config:"nonempty"`
}

var _ sidecar.Pattern = (*Sysctl)(nil)

// Change sets settings of the pod, and raises limits of the node.
func (p *Sysctl) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseKernel}
	var raise []string
	for _, s := range p.Sysctls {
		s.Name = sidecar.SysctlName(s.Name)
		if placeOfSysctl(w, s.Name) == podSetting {
			c.Pod.Sysctls = append(c.Pod.Sysctls, s)
		} else {
			raise = append(raise, sidecar.SysctlPath(s.Name), s.Value)
		}
	}
	if raise != nil {
		c.InitContainers = []corev1.Container{{
			Name:            w.Name,
			Image:           w.Pulled(pattern.BusyboxImage.Ref),
			Command:         stepScript("sysctl"),
			Args:            raise,
			Resources:       stepSize.Resources(w),
			SecurityContext: privilegedSecurityContext(),
		}}
	}
	return c, nil
}

// privilegedSecurityContext returns the securityContext for writing to the node's
// /proc/sys: no capability makes a container runtime mount it writable.
func privilegedSecurityContext() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		Privileged:             new(true),
		RunAsUser:              new(int64(0)),
		RunAsGroup:             new(int64(0)),
		RunAsNonRoot:           new(false),
		ReadOnlyRootFilesystem: new(true),
	}
}

// Check finds settings that can't be set in this pod.
func (p *Sysctl) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	var node []string
	for i, s := range p.Sysctls {
		at, name := fmt.Sprintf("sysctls[%d]", i), sidecar.SysctlName(s.Name)
		place := placeOfSysctl(w, name)
		if onNode := w.Pod.Spec.HostNetwork && strings.HasPrefix(name, "net."); onNode && place == notALimit {
			pattern.AddUnfit(w, &fs, "sysctl-scope", "the pod uses the host network, so "+name+" is a setting of the node",
				"set it in the nodes' own configuration, or exclude this workload", "hostNetwork")
			continue
		}
		switch place {
		case podSetting:
			checkUnsafe(w, at, name, &fs)
		case nodeLimit:
			node = append(node, name)
			validateRaised(at, s, &fs)
		case nodeSetting:
			fs.Add(sidecar.Error, "sysctl-scope", at,
				name+" is a setting of the node that pods with a network of their own don't have",
				"set it in the nodes' own configuration")
		case notALimit:
			fs.Add(sidecar.Error, "sysctl-scope", at,
				name+" isn't known as a limit of the node that is safe to raise",
				"set it in the nodes' own configuration, or write a container for it with custom")
		}
	}
	if node == nil {
		return fs
	}
	names := strings.Join(node, ", ")
	pattern.CheckAdmitted(w, "baseline", "sysctls", "the privileged container that raises "+names,
		"set it in the nodes' own configuration, or use a namespace that admits privileged pods", &fs)
	if u := w.Pod.Spec.HostUsers; u != nil && !*u {
		pattern.AddUnfit(w, &fs, "user-namespace", "root of a user namespace can't raise the node's "+names,
			"remove hostUsers: false, or set it on the nodes", "hostUsers")
	}
	if w.PodSecurity != "privileged" && !pattern.EnforcesLevel(w, "baseline") {
		fs.Add(sidecar.Info, "sysctl-node", "sysctls",
			names+" is a setting of the node: a privileged init container raises it for all pods there, and the namespace "+
				"must admit it", "")
	}
	return fs
}

// checkUnsafe finds settings that a kubelet allows only if it's configured to.
func checkUnsafe(w *sidecar.Workload, at, name string, fs *sidecar.Findings) {
	minor, known := safeSince[name]
	if known && w.Kubernetes.AtLeast(1, minor) {
		return
	}
	why := "isn't among Kubernetes' safe sysctls"
	if known {
		why = fmt.Sprintf("is safe only since Kubernetes 1.%d, and spec.kubernetesVersion is %s", minor, w.Kubernetes)
	}
	if pattern.EnforcesLevel(w, "baseline") {
		pattern.CheckAdmitted(w, "baseline", at, name+", which "+why, "remove it, or use a namespace that admits it", fs)
		return
	}
	fs.Add(sidecar.Warning, "sysctl-unsafe", at,
		name+" "+why+": a kubelet that doesn't allow it rejects the pod as SysctlForbidden",
		"make sure that the nodes' kubelets have it in allowedUnsafeSysctls")
}
