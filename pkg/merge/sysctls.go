package merge

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// sysctl is a setting of the pod where the manifest has it, in its spelling; else
// with dots, so that two sidecars that want it mean one.
func (f *flattener) sysctl(s corev1.Sysctl) corev1.Sysctl {
	s.Name = sidecar.SysctlName(s.Name)
	if sc := f.w.Pod.Spec.SecurityContext; sc != nil {
		for _, have := range sc.Sysctls {
			if sidecar.SysctlName(have.Name) == s.Name {
				s.Name = have.Name
				break
			}
		}
	}
	return s
}
