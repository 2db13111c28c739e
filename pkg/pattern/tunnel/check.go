package tunnel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *Tunnel) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	p.checkSecrets(w, &fs)
	if p.ClientTLS != nil {
		p.checkKeyMode(w, &fs)
		return fs
	}
	pattern.CheckPodNetwork(w, &fs)
	p.checkBypass(w, &fs)
	if ref := w.Image(pattern.GhostunnelImage.Ref); len(p.chosenEngines()) == 0 && !resolvesLater(ref) {
		fs.Add(sidecar.Warning, "image-version", "",
			"ghostunnel of image "+ref+" starts only when the server's name resolves, and delays the pod until then",
			"use ghostunnel 1.9.0 or newer")
	}
	return fs
}

// checkSecrets finds Secrets of the input that lack a key to mount.
func (p *Tunnel) checkSecrets(w *sidecar.Workload, fs *sidecar.Findings) {
	checkKeys := func(field, secret string, keys ...string) {
		pattern.CheckSecretKeys(w, "tls-invalid", field, secret, keys, "name one that has the key, or set key", fs)
	}
	p.CA.CheckKey(w, "ca", fs)
	if p.ClientCertificate != nil && p.ClientCertificate.Certificate == nil {
		checkKeys("clientCertificate.secretName", p.ClientCertificate.SecretName, pattern.TLSKeys...)
	}
	if p.PgBouncer != nil {
		checkKeys("pgbouncer.authSecretName", p.PgBouncer.AuthSecretName, cmp.Or(p.PgBouncer.Key, userlistKey))
	}
}

// checkKeyMode finds apps that can't read a key with the mode that libpq requires.
func (p *Tunnel) checkKeyMode(w *sidecar.Workload, fs *sidecar.Findings) {
	if p.Protocol != Postgres || p.ClientCertificate == nil || w.App == nil {
		return
	}
	if pod := w.Pod.Spec.SecurityContext; pod != nil && pod.FSGroup != nil {
		return
	}
	uid, _ := pattern.RunsAs(w, w.App)
	if uid != nil && *uid == 0 {
		return
	}
	severity, user := sidecar.Warning, "a user other than root"
	if uid != nil {
		severity, user = sidecar.Error, fmt.Sprintf("user %d", *uid)
	}
	fs.Add(severity, "key-mode", "clientCertificate",
		"libpq refuses a key that everyone can read, so only root and the pod's fsGroup can read this one. Without fsGroup, "+
			user+" can't",
		"set securityContext.fsGroup of the pod to the app's group")
}

// checkBypass finds containers that still name the server, so their connections don't use
// the tunnel. Messages don't show the texts, which may be secret.
func (p *Tunnel) checkBypass(w *sidecar.Workload, fs *sidecar.Findings) {
	if p.Host == "" {
		return
	}
	for c := range w.AllContainers() {
		if c.Name == w.Name {
			continue
		}
		var places []string
		pattern.VisitTexts(c, func(at, text string) {
			if _, set := p.Env[at]; !set && pattern.MentionsName(text, p.Host) && !slices.Contains(places, at) {
				places = append(places, at)
			}
		})
		if len(places) > 0 {
			fs.Add(sidecar.Warning, "tunnel-bypassed", "",
				fmt.Sprintf("container %s still has %s in %s, which bypasses the tunnel", c.Name, p.Host,
					strings.Join(places, ", ")),
				"change it to "+p.listenAddress()+", and variables with env")
		}
	}
}
