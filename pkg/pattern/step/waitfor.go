package step

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// WaitFor delays the app until other servers answer. It's for the first start of apps that
// can't wait themselves. An app that retries is better without it, since its servers can
// fail later as well, when nothing waits for them.
type WaitFor struct {
	// Targets are addresses (host:port, which must accept a connection) and URLs (http and
	// https, which must return a status). Each is waited for in turn.
	Targets []string `json:"targets" config:"nonempty"`
	// TimeoutSeconds limits the whole wait. After that the container fails, so the pod's
	// status shows it, and the kubelet restarts it. Default: 300.
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty"`
	// IntervalSeconds is the pause between two attempts. Default: 2.
	IntervalSeconds int32 `json:"intervalSeconds,omitempty"`
	// Status that URLs must return. Default: any from 200 to 399, as for probes; redirects
	// aren't followed.
	Status int32 `json:"status,omitempty"`
	// CA is the authority of the certificates of https URLs. Default: the public
	// authorities in the image.
	CA *pattern.CABundle `json:"ca,omitempty"`
}

var _ sidecar.Pattern = (*WaitFor)(nil)

// scriptImage returns an image with nc, and with curl if there are URLs.
func (p *WaitFor) scriptImage() pattern.Image {
	if slices.ContainsFunc(p.Targets, isURL) {
		return pattern.CurlImage
	}
	return pattern.BusyboxImage
}

func isURL(target string) bool { return strings.Contains(target, "://") }

// Change adds an init container that ends when all targets have answered.
func (p *WaitFor) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseWait}
	for _, target := range p.Targets {
		c.Dials = append(c.Dials, pattern.AtStart(pattern.DialsOf(target))...)
	}
	ctr := corev1.Container{
		Name:    w.Name,
		Image:   w.Pulled(p.scriptImage().Ref),
		Command: stepScript("waitfor"),
		Args: append([]string{
			strconv.Itoa(int(cmp.Or(p.TimeoutSeconds, 300))),
			strconv.Itoa(int(cmp.Or(p.IntervalSeconds, 2))),
			p.statusPattern(),
		}, escapeArgs(p.Targets...)...),
		Resources:       stepSize.Resources(w),
		SecurityContext: pattern.RestrictedSecurityContext(p.scriptImage()),
	}
	if p.CA != nil {
		trustCA(w, p.CA, c, &ctr)
	}
	c.InitContainers = []corev1.Container{ctr}
	return c, nil
}

// statusPattern returns the shell pattern of a valid status.
func (p *WaitFor) statusPattern() string {
	if p.Status == 0 {
		return "[23][0-9][0-9]"
	}
	return strconv.Itoa(int(p.Status))
}

// trustCA makes curl in a container trust this authority and no other.
func trustCA(w *sidecar.Workload, ca *pattern.CABundle, c *sidecar.Change, ctr *corev1.Container) {
	name := pattern.VolumeName(w, "ca")
	c.Volumes = append(c.Volumes, ca.Volume(name))
	ctr.VolumeMounts = append(ctr.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: pattern.CADir, ReadOnly: true})
	ctr.Env = append(ctr.Env, corev1.EnvVar{Name: "CURL_CA_BUNDLE", Value: pattern.CADir + "/" + pattern.CAKey})
}
