package merge

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WithPodSettings is the view in which the pod has what sidecars want of it as a whole and what
// others go by: its group, kernel settings, how long it has to end, whether processes
// see each other. So they do in a first run what they'd do in a second one. It's nil
// where the pod has all of it. What two want otherwise is a conflict anyway; what the
// manifest has stays.
func WithPodSettings(w *sidecar.Workload, asked []sidecar.Answer) *sidecar.Workload {
	if !slices.ContainsFunc(asked, func(a sidecar.Answer) bool { return !reflect.DeepEqual(a.Change.Pod, sidecar.Pod{}) }) {
		return nil // most want nothing
	}
	out := *w
	out.Pod = *w.Pod.DeepCopy()
	spec := &out.Pod.Spec
	security := &corev1.PodSecurityContext{}
	if spec.SecurityContext != nil {
		security = spec.SecurityContext
	}
	for i := range asked {
		p := &asked[i].Change.Pod
		if security.FSGroup == nil {
			security.FSGroup = p.FSGroup
		}
		if security.FSGroupChangePolicy == nil && p.FSGroupChangePolicy != "" {
			security.FSGroupChangePolicy = new(p.FSGroupChangePolicy)
		}
		if spec.ShareProcessNamespace == nil {
			spec.ShareProcessNamespace = p.ShareProcessNamespace
		}
		for _, s := range p.Sysctls {
			if !slices.ContainsFunc(security.Sysctls, func(have corev1.Sysctl) bool { return sidecar.SysctlName(have.Name) == sidecar.SysctlName(s.Name) }) {
				security.Sysctls = append(security.Sysctls, s)
			}
		}
	}
	if grace, was := sidecar.GracePeriod(w, asked); grace != was {
		spec.TerminationGracePeriodSeconds = &grace
	}
	if !reflect.DeepEqual(security, &corev1.PodSecurityContext{}) {
		spec.SecurityContext = security
	}
	if reflect.DeepEqual(w.Pod, out.Pod) {
		return nil
	}
	return &out
}
