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

// WaitFor holds the app back until others answer. It's for the first start of things
// that can't wait by themselves: an app that tries again does better without, since
// what it needs can go away later as well, and nobody waits for it then.
type WaitFor struct {
	// Targets are addresses (host:port, which answer by taking a connection) and URLs
	// (http and https, which answer by a status). They are waited for one after the
	// other.
	Targets []string `json:"targets"`
	// TimeoutSeconds is how long all of it may take. After that the container fails,
	// so that the pod shows it, and is started again. Default: 300.
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty"`
	// IntervalSeconds is the pause between two tries. Default: 2.
	IntervalSeconds int32 `json:"intervalSeconds,omitempty"`
	// Status is the one with which URLs must answer. Default: any from 200 to 399, as
	// for probes; redirects aren't followed.
	Status int32 `json:"status,omitempty"`
	// CA is the authority that certificates of https URLs must come from. Default: the
	// public authorities that the image knows.
	CA *pattern.CABundle `json:"ca,omitempty"`
}

var _ sidecar.Pattern = (*WaitFor)(nil)

// scriptImage has both nc and curl, for URLs; for addresses alone busybox does.
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
	ctr := corev1.Container{
		Name:    w.Name,
		Image:   p.scriptImage().Ref,
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

// statusPattern is what a status must look like, for the shell.
func (p *WaitFor) statusPattern() string {
	if p.Status == 0 {
		return "[23][0-9][0-9]"
	}
	return strconv.Itoa(int(p.Status))
}

// trustCA lets curl in a container trust an authority, and no other one.
func trustCA(w *sidecar.Workload, ca *pattern.CABundle, c *sidecar.Change, ctr *corev1.Container) {
	name := pattern.VolumeName(w, "ca")
	c.Volumes = append(c.Volumes, ca.Volume(name))
	ctr.VolumeMounts = append(ctr.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: pattern.CADir, ReadOnly: true})
	ctr.Env = append(ctr.Env, corev1.EnvVar{Name: "CURL_CA_BUNDLE", Value: pattern.CADir + "/" + pattern.CAKey})
}
