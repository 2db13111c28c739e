package pattern

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// TLSProxy terminates TLS in the pod, in an nginx in front of an app that speaks
// plain HTTP: nginx takes the app's port over and the app moves to 127.0.0.1.
type TLSProxy struct {
	Gate
	// PlainHTTP is what a client gets that speaks plain HTTP on the TLS port:
	// reject (400 Bad Request) or redirect (308 to the same address with https).
	// Default: reject.
	PlainHTTP PlainHTTP `json:"plainHTTP,omitempty"`
}

// PlainHTTP says how plain HTTP on a TLS port is answered.
type PlainHTTP string

const (
	Reject   PlainHTTP = "reject"
	Redirect PlainHTTP = "redirect"
)

var _ sidecar.Pattern = (*TLSProxy)(nil)

// nginxSize: some 10 MiB per process when idle, 32 KiB and more per busy
// connection, 4 MiB of TLS sessions.
var nginxSize = size{cpu: "20m", memory: "32Mi", maxMemory: "128Mi", fixedCPU: "250m"}

// Change puts nginx in front of the app.
func (p *TLSProxy) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	notes := p.check(w)
	if mine := p.Validate(); mine.Failed() {
		return nil, append(mine, notes...)
	} else if notes.Failed() {
		return nil, notes // whoever reads configs has told what else is in mine
	}
	resources := nginxSize.resources(w)
	if resources.Requests.Cpu().Equal(*resources.Limits.Cpu()) {
		notes.Add(sidecar.Info, "qos-guaranteed", "", "the pod is of QoS class Guaranteed and stays it: requests and limits of "+w.Name+" are equal",
			"give it what your load needs by override.resources")
	}
	object := w.ObjectName()
	secret := or(p.SecretName, object)
	objects := []sidecar.Object{configMap(object, map[string]string{confKey: p.conf(w, resources).String()})}
	if p.Certificate != nil {
		objects = append(objects, p.Certificate.object(secret, p.Certificate.names(w)))
	}
	return &sidecar.Change{
		Phase:      sidecar.PhaseProxy,
		Containers: []corev1.Container{p.container(w, resources)},
		Volumes: []corev1.Volume{
			configVolume(volume(w, "config"), object),
			secretVolume(volume(w, "certs"), secret, tlsKeys...),
			tmpVolume(volume(w, "tmp")),
		},
		App:       p.app(w),
		Takeovers: []sidecar.Takeover{{Port: p.Port, AppPort: p.Rebind.Port, Scheme: corev1.URISchemeHTTPS, RewriteCallers: p.RewriteCallers}},
		Pod:       sidecar.Pod{Sysctls: p.sysctls(w)},
		Objects:   objects,
		Claims:    []sidecar.Claim{{Port: p.Rebind.Port, For: "container " + w.App.Name + ", moved to 127.0.0.1"}},
		Notes:     notes,
	}, nil
}

// container is nginx. Its command skips the image's entrypoint, whose scripts
// want to write to the root file system. There is no readiness probe: the app's
// own goes through nginx and speaks for both.
func (p *TLSProxy) container(w *sidecar.Workload, resources corev1.ResourceRequirements) corev1.Container {
	return corev1.Container{
		Name:      w.Name,
		Image:     nginxImage.ref,
		Command:   []string{"nginx", "-e", "stderr", "-c", confFile, "-g", "daemon off;"},
		Ports:     []corev1.ContainerPort{p.containerPort(w)},
		Resources: resources,
		VolumeMounts: []corev1.VolumeMount{
			{Name: volume(w, "config"), MountPath: confDir, ReadOnly: true},
			{Name: volume(w, "certs"), MountPath: certsDir, ReadOnly: true},
			{Name: volume(w, "tmp"), MountPath: "/tmp"},
		},
		StartupProbe:    tcpProbe(p.Port, 1, 60),
		LivenessProbe:   tcpProbe(p.Port, 20, 3),
		Lifecycle:       p.shutdown(w).preStop(w),
		SecurityContext: restricted(nginxImage),
	}
}

// volume is the name of one of the sidecar's volumes.
func volume(w *sidecar.Workload, what string) string { return sidecar.Shorten(w.Name+"-"+what, 63) }
