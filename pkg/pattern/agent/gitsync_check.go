package agent

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *GitSync) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	checkKeys := func(field, secret string, keys ...string) {
		pattern.CheckSecretKeys(w, "secret-missing", field, secret, keys, "add it", &fs)
	}
	if p.BasicAuth != nil {
		checkKeys("basicAuth.secretName", p.BasicAuth.SecretName, corev1.BasicAuthUsernameKey, corev1.BasicAuthPasswordKey)
	}
	if p.SSH != nil {
		checkKeys("ssh.secretName", p.SSH.SecretName, corev1.SSHAuthPrivateKey, knownHosts)
	}
	p.CA.CheckKey(w, "ca", &fs)
	if w.Placement == sidecar.Beside && !p.Once {
		fs.Add(sidecar.Warning, "git-late", "",
			"an ordinary container starts together with the app, which may look for its files before they're there",
			w.HintForBeside(gitSyncAsInit))
	}
	if p.SSH != nil && pattern.RemovesUser(w) {
		fs.Add(sidecar.Warning, "git-user", "ssh", "ssh fails for a user that the image doesn't have, as on OpenShift",
			"use basicAuth, or an image in which that user has a name")
	}
	if user := pattern.OverriddenUser(w); p.SSH != nil && user != nil && *user != pattern.GitSyncImage.UID {
		fs.Add(sidecar.Warning, "git-user", "",
			fmt.Sprintf("ssh fails for a user that the image doesn't have, such as %d", *user),
			fmt.Sprintf("use user %d, since everybody can read the files", pattern.GitSyncImage.UID))
	}
	return fs
}
