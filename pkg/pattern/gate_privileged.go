package pattern

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// portStart is the first port that a process without privileges may listen on.
// It belongs to the pod, is one of Kubernetes' safe sysctls since 1.22, and Pod
// Security's level restricted admits it; containerd 2 and CRI-O set it to 0 by
// themselves. So ports like 443 need no root, nor an app that is moved for us.
const portStart = "net.ipv4.ip_unprivileged_port_start"

// sysctls let the proxy listen on a privileged port, where the pod doesn't yet.
func (p *Gate) sysctls(w *sidecar.Workload) []corev1.Sysctl {
	if p.lowest() >= 1024 {
		return nil
	}
	if s := podSysctl(w, portStart); s != nil && s.Value != "0" {
		return nil // and low enough: see checkPrivileged
	}
	return []corev1.Sysctl{{Name: portStart, Value: "0"}}
}

// lowest is the lowest port that the proxy listens on.
func (p *Gate) lowest() int32 {
	doors := p.doors()
	low := doors[0].listen
	for _, d := range doors {
		low = min(low, d.listen)
	}
	return low
}

func (p *Gate) checkPrivileged(w *sidecar.Workload, fs *sidecar.Findings) {
	low := p.lowest()
	if low >= 1024 {
		return
	}
	s := podSysctl(w, portStart)
	if s == nil {
		fs.Add(sidecar.Info, "port-privileged", "port", fmt.Sprintf("the proxy isn't root, so the pod gets the safe sysctl %s=0 for port %d", portStart, low), "")
	} else if start, err := strconv.Atoi(s.Value); err != nil || start > int(low) {
		fs.Add(sidecar.Error, "port-privileged", "port", fmt.Sprintf("the proxy isn't root, and the pod's sysctl %s=%s keeps it from port %d", portStart, s.Value, low),
			"set that sysctl to 0, or leave it out")
	}
}

func podSysctl(w *sidecar.Workload, name string) *corev1.Sysctl {
	if sc := w.Pod.Spec.SecurityContext; sc != nil {
		for i := range sc.Sysctls {
			if sc.Sysctls[i].Name == name {
				return &sc.Sysctls[i]
			}
		}
	}
	return nil
}
