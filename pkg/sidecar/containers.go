package sidecar

import (
	"iter"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// PodContainers visits all containers of a pod: the ordinary ones, then those that start
// as init containers.
func PodContainers(spec *corev1.PodSpec) iter.Seq[*corev1.Container] {
	return visitLists(spec.Containers, spec.InitContainers)
}

// AllContainers visits all containers of the pod, as [PodContainers] does.
func (w *Workload) AllContainers() iter.Seq[*corev1.Container] { return PodContainers(&w.Pod.Spec) }

// AllContainers visits all containers that the sidecar adds: those that run to their end,
// then those that run as long as the pod.
func (c *Change) AllContainers() iter.Seq[*corev1.Container] {
	return visitLists(c.InitContainers, c.Containers)
}

func visitLists(lists ...[]corev1.Container) iter.Seq[*corev1.Container] {
	return func(yield func(*corev1.Container) bool) {
		for _, list := range lists {
			for i := range list {
				if !yield(&list[i]) {
					return
				}
			}
		}
	}
}

// IsTCP reports whether a port's protocol is TCP, which is the default.
func IsTCP(p corev1.Protocol) bool { return p == "" || p == corev1.ProtocolTCP }

// ProtocolOf returns the protocol of a port: TCP if none is given.
func ProtocolOf(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}

// DeclaresPort reports whether a container declares a TCP port.
func DeclaresPort(c *corev1.Container, port int32) bool {
	for i := range c.Ports {
		if c.Ports[i].ContainerPort == port && IsTCP(c.Ports[i].Protocol) {
			return true
		}
	}
	return false
}

// ResolvePort returns the number of a container's port that a probe, hook or Service
// refers to, or 0 if the container has no port of that name.
func ResolvePort(c *corev1.Container, port intstr.IntOrString) int32 {
	if port.Type == intstr.Int {
		return port.IntVal
	}
	if n, err := strconv.Atoi(port.StrVal); err == nil {
		return int32(n)
	}
	for i := range c.Ports {
		if c.Ports[i].Name == port.StrVal {
			return c.Ports[i].ContainerPort
		}
	}
	return 0
}

// RunsWithPod reports whether an init container runs as long as the pod.
func RunsWithPod(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// PreStop returns the preStop hook of a container, or nil if it has none.
func PreStop(c *corev1.Container) *corev1.LifecycleHandler {
	if c == nil || c.Lifecycle == nil {
		return nil
	}
	return c.Lifecycle.PreStop
}

// HintForBeside says what to do where an ordinary container doesn't suit a workload. asInit is
// what the config needs to make it an init container; "": it can't be one.
func (w *Workload) HintForBeside(asInit string) string {
	switch {
	case w.Kubernetes.HasNativeSidecars():
		return "use placement native"
	case asInit != "":
		return "write " + asInit
	}
	return "leave the workload out with exclude, or write kubernetesVersion 1.29 if the cluster has that"
}
