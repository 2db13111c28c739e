package sidecar

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// MovesApp reports whether the sidecar gets the app's port, and the app listens on
// 127.0.0.1 only. Otherwise the app keeps its port, and the sidecar has another one.
func (t *Takeover) MovesApp() bool { return !t.Front && !t.Redirected }

// AnswersOnAppPort reports whether those who connect to the app's port at the pod's
// address reach the sidecar.
func (t *Takeover) AnswersOnAppPort() bool { return !t.Front }

// ClientPort returns the port at which clients reached the app before the takeover.
func (t *Takeover) ClientPort() int32 {
	if t.Front {
		return t.AppPort
	}
	return t.Port
}

// Reaches reports whether a Service with that target port reaches the sidecar after the
// Service has been updated.
func (t *Takeover) Reaches(port int32) bool { return port == t.Port || port == t.ClientPort() }

// SpeaksTLS reports whether clients speak TLS with the sidecar.
func (t *Takeover) SpeaksTLS() bool { return t.Scheme == corev1.URISchemeHTTPS }

// TargetPort returns the pod's port that a Service port leads to; 0 if no container has it. A name is that of a port
// with the same protocol (pkg/api/v1/pod of Kubernetes, FindPort).
func (w *Workload) TargetPort(p corev1.ServicePort) int32 {
	if p.TargetPort == (intstr.IntOrString{}) {
		return p.Port
	}
	if p.TargetPort.Type == intstr.Int || p.TargetPort.IntValue() != 0 {
		return int32(p.TargetPort.IntValue())
	}
	for c := range w.AllContainers() {
		for _, port := range c.Ports {
			sameProtocol := ProtocolOf(port.Protocol) == ProtocolOf(p.Protocol)
			if port.Name == p.TargetPort.StrVal && sameProtocol {
				return port.ContainerPort
			}
		}
	}
	return 0
}
