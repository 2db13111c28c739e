package step

import (
	"cmp"
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *Fetch) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	if p.CA != nil {
		checkSecret(w, "ca.secretName", p.CA.SecretName, []string{cmp.Or(p.CA.Key, pattern.CAKey)}, &fs)
	}
	for _, s := range []struct {
		field string
		file  *SecretFile
	}{{headersKey, p.Headers}, {netrcKey, p.Netrc}} {
		if s.file != nil {
			checkSecret(w, s.field+".secretName", s.file.SecretName, []string{cmp.Or(s.file.Key, s.field)}, &fs)
		}
	}
	checkSecret(w, "credentialsSecretName", p.CredentialsSecretName, credentialKeys[p.urlScheme()], &fs)
	p.checkIdentity(w, &fs)
	if p.VolumeName == "" {
		return fs
	}
	if v, ok := checkWritable(w, "volumeName", p.VolumeName, &fs); !ok || w.App == nil {
		return fs
	} else if v.HostPath != nil || v.NFS != nil || w.Pod.Spec.SecurityContext == nil ||
		w.Pod.Spec.SecurityContext.FSGroup == nil {
		if user, _ := pattern.RunsAs(w, w.App); (user == nil || *user == 0) && v.EmptyDir == nil {
			fs.Add(sidecar.Warning, "volume-owner", "volumeName", "the owner of volume "+p.VolumeName+
				" isn't known, and the container that writes the file isn't root",
				"set the pod's fsGroup, use the pattern permissions, or set the user in override.securityContext")
		}
	}
	switch m := p.appMount(w); {
	case m.MountPath == "":
		fs.Add(sidecar.Error, "missing-field", "mountPath",
			fmt.Sprintf("container %s doesn't mount volume %s", w.App.Name, p.VolumeName),
			"write the folder of the file in that container")
	case m.SubPathExpr != "":
		fs.Add(sidecar.Error, "sub-path", "volumeName", "it's mounted with subPathExpr, which depends on the app's variables",
			"use subPath")
	}
	return fs
}

// checkIdentity finds ServiceAccounts without an identity for the storage.
func (p *Fetch) checkIdentity(w *sidecar.Workload, fs *sidecar.Findings) {
	identity, stored := accountRoles[p.urlScheme()]
	if !stored || p.CredentialsSecretName != "" || p.S3 != nil && p.S3.Endpoint != "" {
		return
	}
	name, annotations := w.ServiceAccount()
	if annotations != nil && annotations[identity.annotation] == "" {
		fs.Add(sidecar.Warning, "no-identity", "url",
			fmt.Sprintf("ServiceAccount %s has no annotation %s, which identifies the pod to the storage", name,
				identity.annotation),
			"add it, make sure that there is "+identity.other+", or name static credentials in credentialsSecretName")
	}
	if use := "azure.workload.identity/use"; p.urlScheme() == "azblob" && annotations[identity.annotation] != "" &&
		w.Pod.Labels[use] != "true" {
		fs.Add(sidecar.Warning, "no-identity", "url",
			"the pod gets no token of its ServiceAccount without the label "+use+": \"true\"", "add it")
	}
}
