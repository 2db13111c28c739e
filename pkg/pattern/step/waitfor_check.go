package step

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds targets for which this pod would wait forever.
func (p *WaitFor) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	if p.CA != nil {
		checkSecret(w, "ca.secretName", p.CA.SecretName, []string{cmp.Or(p.CA.Key, pattern.CAKey)}, &fs)
	}
	for i, t := range p.Targets {
		host, port := t, ""
		if u, err := url.Parse(t); isURL(t) && err == nil {
			if host, port = u.Hostname(), u.Port(); port == "" {
				port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
			}
		} else if h, p, err := net.SplitHostPort(t); err == nil {
			host, port = h, p
		}
		at := fmt.Sprintf("targets[%d]", i)
		if a, err := netip.ParseAddr(host); host == "localhost" || err == nil && a.IsLoopback() {
			for _, c := range w.Pod.Spec.Containers {
				if slices.Contains(w.Added, c.Name) {
					continue // added by an earlier run
				}
				if slices.ContainsFunc(c.Ports, func(cp corev1.ContainerPort) bool {
					return sidecar.IsTCP(cp.Protocol) && strconv.Itoa(int(cp.ContainerPort)) == port
				}) {
					fs.Add(sidecar.Error, "startup-deadlock", at,
						fmt.Sprintf("container %s of this pod listens there, and starts only after this step has ended", c.Name),
						"remove it")
				}
			}
		}
		for _, s := range w.Services {
			if namesService(host, s.Ref, w.Ref.Namespace) && !s.Spec.PublishNotReadyAddresses {
				fs.Add(sidecar.Warning, "startup-deadlock", at,
					"Service "+s.Ref.Name+" selects these pods themselves, which are ready only after this step has ended",
					"remove it, unless other pods are behind it")
			}
		}
	}
	return fs
}

// namesService reports whether a host names a Service for pods of a namespace.
func namesService(host string, s sidecar.Ref, from string) bool {
	name, rest, _ := strings.Cut(strings.TrimSuffix(host, "."), ".")
	if name != s.Name {
		return false
	}
	if rest == "" {
		return s.Namespace == from
	}
	namespace, rest, _ := strings.Cut(rest, ".")
	return namespace == cmp.Or(s.Namespace, "default") && (rest == "" || rest == "svc" || strings.HasPrefix(rest, "svc."))
}

// checkSecret finds a Secret of the input that lacks keys.
func checkSecret(w *sidecar.Workload, field, secret string, keys []string, fs *sidecar.Findings) {
	pattern.CheckSecretKeys(w, "secret-key", field, secret, keys, "name one that has the key, or set key", fs)
}
