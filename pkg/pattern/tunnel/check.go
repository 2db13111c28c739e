package tunnel

import (
	"cmp"
	"fmt"
	"maps"
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
	p.checkPlainPostgres(w, &fs)
	if len(p.chosenEngines()) == 0 {
		pattern.CheckVersion(w.Image(pattern.GhostunnelImage.Ref), &fs)
	}
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

// checkPlainPostgres finds connections that demand TLS of the tunnel's own port, which has none: libpq then fails with
// "server does not support SSL, but SSL was required". Messages don't show the texts, which may be secret.
func (p *Tunnel) checkPlainPostgres(w *sidecar.Workload, fs *sidecar.Findings) {
	report := func(field, where string) {
		fs.Add(sidecar.Error, "tunnel-sslmode", field,
			where+" demands TLS of "+p.listenAddress()+", where the tunnel takes plain connections of the pod only",
			"write sslmode=disable there, as the tunnel itself uses verified TLS")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		if p.demandsTLS(p.Env[name]) || name == "PGSSLMODE" && slices.Contains(demandingModes(), p.Env[name]) {
			report("env."+name, "the variable")
		}
	}
	for c := range w.AllContainers() {
		if c.Name == w.Name {
			continue
		}
		pattern.VisitTexts(c, func(at, text string) {
			if _, set := p.Env[at]; !set && p.demandsTLS(text) {
				report("", fmt.Sprintf("container %s, in %s,", c.Name, at))
			}
		})
	}
}

// demandingModes are values of libpq's sslmode that need a server with TLS (libpq, 34.1.2).
func demandingModes() []string { return []string{"require", "verify-ca", "verify-full"} }

// demandsTLS reports whether a text has a connection to the tunnel's port that needs TLS, as a URL or as words.
func (p *Tunnel) demandsTLS(text string) bool {
	demands := func(mode string) bool { return pattern.MentionsName(text, "sslmode="+mode) }
	local := func(host string) bool { return pattern.MentionsName(text, host) }
	if !slices.ContainsFunc(demandingModes(), demands) || !slices.ContainsFunc([]string{"127.0.0.1", "localhost"}, local) {
		return false
	}
	port := fmt.Sprint(p.ListenPort)
	return p.ListenPort == 5432 || strings.Contains(text, ":"+port) || strings.Contains(text, "port="+port)
}
