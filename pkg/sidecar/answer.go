package sidecar

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// An Answer is a sidecar with the Change of its pattern.
type Answer struct {
	Name      string
	Placement Placement
	App       *corev1.Container   // the container that it serves, or the first of several
	Apps      []*corev1.Container // all of them; nil: App alone
	After     []string
	Before    []string
	Change    *Change
}

// ServedApps returns all containers that the sidecar serves.
func (a *Answer) ServedApps() []*corev1.Container {
	if a.Apps == nil && a.App != nil {
		return []*corev1.Container{a.App}
	}
	return a.Apps
}

// Serves reports whether the sidecar serves a container.
func (a *Answer) Serves(container string) bool {
	return slices.ContainsFunc(a.ServedApps(), func(c *corev1.Container) bool { return c.Name == container })
}

// ContainerNames returns the names of all containers that sidecars add.
func ContainerNames(answers []Answer) map[string]bool {
	all := map[string]bool{}
	for i := range answers {
		for c := range answers[i].Change.AllContainers() {
			all[c.Name] = true
		}
	}
	return all
}
