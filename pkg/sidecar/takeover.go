package sidecar

import corev1 "k8s.io/api/core/v1"

// MovesApp reports whether the app listens on 127.0.0.1 only from now on, since the
// sidecar has its port. Else the app stays where it is, and the sidecar stands in front
// of it on a port of its own.
func (t *Takeover) MovesApp() bool { return !t.Front }

// ClientPort is the port at which clients reached the app until now.
func (t *Takeover) ClientPort() int32 {
	if t.Front {
		return t.AppPort
	}
	return t.Port
}

// Reaches reports whether a Service that leads to a port of the pod leads to the sidecar,
// or will when it has followed.
func (t *Takeover) Reaches(port int32) bool { return port == t.Port || port == t.ClientPort() }

// SpeaksTLS reports whether clients speak TLS with the sidecar.
func (t *Takeover) SpeaksTLS() bool { return t.Scheme == corev1.URISchemeHTTPS }
