package sidecar

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// A Platform is a kind of cluster that decides more than Kubernetes does.
type Platform string

const (
	Kubernetes Platform = "kubernetes"
	// OpenShift's SCC restricted-v2 gives all containers of a namespace one user of its
	// range, and volumes a group of it. It refuses pods that choose others.
	OpenShift Platform = "openshift"
)

// LeaveUsersOut removes users and groups, as OpenShift chooses them. A container that needs
// root or more rights than others is an error, unless the override of the sidecar of that
// name says who it runs as.
func (c *Change) LeaveUsersOut(name string, override *corev1.Container) (fs Findings) {
	if override != nil && override.SecurityContext != nil && override.SecurityContext.RunAsUser != nil {
		return nil
	}
	confirmed := c.overriddenUser(name)
	for ctr := range c.AllContainers() {
		fs = append(fs, leaveUserOut(ctr, confirmed)...)
	}
	if c.Pod.FSGroup != nil {
		fs.Add(Info, "platform-group", "", "OpenShift gives volumes a group of the namespace, so no fsGroup is written", "")
		c.Pod.FSGroup, c.Pod.FSGroupChangePolicy = nil, ""
	}
	return fs
}

// overriddenUser returns the user of the container that the override changes. Written into the override, it leaves that
// container as it is.
func (c *Change) overriddenUser(name string) (user int64) {
	for ctr := range c.AllContainers() {
		if s := ctr.SecurityContext; ctr.Name == name && s != nil && s.RunAsUser != nil {
			return *s.RunAsUser
		}
	}
	return 0
}

// LeaveUserOut removes the user and group of one container.
func LeaveUserOut(ctr *corev1.Container) Findings { return leaveUserOut(ctr, 0) }

// leaveUserOut does so too, and its hint names the user for the override.
func leaveUserOut(ctr *corev1.Container, confirmed int64) (fs Findings) {
	s := ctr.SecurityContext
	if s == nil {
		return nil
	}
	if needsMore(s) {
		fs.Add(Error, "platform-rights", "",
			fmt.Sprintf("container %s runs as root or with more rights, which OpenShift refuses by default", ctr.Name),
			"leave it out, or allow the pod's ServiceAccount an SCC such as privileged and write override: "+
				fmt.Sprintf("{securityContext: {runAsUser: %d}}", confirmed))
		return fs
	}
	rest := *s
	rest.RunAsUser, rest.RunAsGroup = nil, nil
	ctr.SecurityContext = &rest
	return nil
}

// needsMore reports whether a container needs what the SCC restricted-v2 refuses, apart from
// a user of its own.
func needsMore(s *corev1.SecurityContext) bool {
	privileged := s.Privileged != nil && *s.Privileged
	return isRoot(s) || privileged || s.Capabilities != nil && len(s.Capabilities.Add) > 0
}

// isRoot reports whether a container says that it runs as root.
func isRoot(s *corev1.SecurityContext) bool { return s.RunAsUser != nil && *s.RunAsUser == 0 }
