// Package vault holds Vault, which fetches secrets from HashiCorp Vault or OpenBao.
package vault

import (
	"cmp"
	"net/url"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Vault fetches secrets from HashiCorp Vault or OpenBao into files, in memory, that only
// this pod has. It logs in as the pod's ServiceAccount, with a token that is valid for that
// server alone. The manifests contain no secret.
type Vault struct {
	// Address of the server, as in https://vault.vault.svc:8200. Plain http is allowed for
	// 127.0.0.1 only, for a tunnel to the server, which then starts first. Required.
	Address string `json:"address"`
	// Role of the server's Kubernetes auth method. It must allow the pod's
	// ServiceAccount, and the audience. Required.
	Role string `json:"role"`
	// Files for the app. Required.
	Files []VaultFile `json:"files" config:"nonempty"`
	// MountPath is the folder of the files in the app's containers. Default:
	// /vault/secrets.
	MountPath string `json:"mountPath,omitempty"`
	// Mode is when files are fetched: agent (the app starts when its files are there, and
	// they stay up to date while it runs), init (once, before the app starts) or cli (the
	// same with the vault command, without templates). Default: agent.
	Mode VaultMode `json:"mode,omitempty"`
	// Program that fetches: vault (HashiCorp's) or openbao. Each works with servers of
	// both. Default: vault.
	Program VaultProgram `json:"program,omitempty"`
	// CA is the authority of the server's certificate. A change takes effect when the pod
	// starts anew. Default: the public authorities in the image.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// ServerName is the name in the server's certificate. Default: the host of address.
	ServerName string `json:"serverName,omitempty"`
	// Namespace of the server with the roles and secrets. Default: the root.
	Namespace string `json:"namespace,omitempty"`
	// AuthPath is the path of the server's Kubernetes auth method. Default: kubernetes.
	AuthPath string `json:"authPath,omitempty"`
	// Audience of the pod's token. Default: vault.
	Audience string `json:"audience,omitempty"`
	// RefreshSeconds is the time after which mode agent fetches secrets without a lease
	// again. Those with a lease are renewed in time. Default: 300.
	RefreshSeconds int32 `json:"refreshSeconds,omitempty"`
}

// A VaultFile is a file with values of a secret.
type VaultFile struct {
	// Path of the file in the folder, as in db.env. Required.
	Path string `json:"path"`
	// Secret is the path of the secret in the server's API. For an engine kv of version 2
	// it has data after the mount, as in secret/data/shop. Required without template.
	Secret string `json:"secret,omitempty"`
	// KVVersion of the engine: 2 if the values are inside data, 1 for engines kv of version
	// 1 and all other engines. Default: 2 if the secret's path has data, else 1.
	KVVersion int32 `json:"kvVersion,omitempty"`
	// Format of the file: env (a line NAME='value' for each value, quoted for a shell),
	// json (all values) or raw (one value, as it is). Default: raw with field, else json.
	Format VaultFormat `json:"format,omitempty"`
	// Field is the value that format raw writes.
	Field string `json:"field,omitempty"`
	// Template replaces the format: a template of the Vault agent, as in {{ with secret
	// "secret/data/shop" }}{{ .Data.data.password }}{{ end }}.
	Template string `json:"template,omitempty"`
	// Perms are the file's permissions, as in "0440". Default: 0400 if the app's user is
	// known and owns the files; 0440 if the pod has an fsGroup; else 0444, in a volume that
	// only containers of this pod can mount.
	Perms string `json:"perms,omitempty"`
}

// A VaultMode is when files are fetched.
type VaultMode string

const (
	VaultAgent VaultMode = "agent"
	VaultInit  VaultMode = "init"
	VaultCLI   VaultMode = "cli"
)

// A VaultProgram is the program that fetches.
type VaultProgram string

const (
	HashiCorpVault VaultProgram = "vault"
	OpenBao        VaultProgram = "openbao"
)

// A VaultFormat is the format of a file.
type VaultFormat string

const (
	VaultEnv  VaultFormat = "env"
	VaultJSON VaultFormat = "json"
	VaultRaw  VaultFormat = "raw"
)

var _ sidecar.Pattern = (*Vault)(nil)

const (
	vaultDir      = "/etc/outrigger/vault" // of the agent's config, or the script
	vaultTokenDir = "/etc/outrigger/token" // of the pod's token
	vaultFiles    = "/vault/secrets"       // of the files, in the sidecar and by default in the app
	vaultTokenKey = "token"
	agentKey      = "agent.json"
	fetchKey      = "fetch.sh"

	vaultTokenSeconds = 3600
	vaultRefresh      = 300
	// vaultStart is how many seconds a server may be unreachable before the kubelet restarts
	// the agent, which makes the failure visible.
	vaultStart = 300
)

// vaultAsInit is for messages: it fetches the files before the app starts.
const vaultAsInit = "mode: init"

// vaultSize: about 20 MiB of its own, and up to 100 MiB of the program's file, which the
// kernel can drop.
var vaultSize = pattern.Size{CPU: "20m", Memory: "64Mi", MaxMemory: "256Mi", FixedCPU: "100m"}

// Change adds the container that fetches the files, and mounts them into the app.
func (p *Vault) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	user, perms := p.findUser(w)
	c := &sidecar.Change{Phase: p.startPhase(), Dials: pattern.AtStart(pattern.DialsOf(p.Address))}
	ctr := corev1.Container{
		Name:            w.Name,
		Image:           w.Pulled(user.Ref),
		Env:             p.programEnv(),
		Resources:       vaultSize.Resources(w),
		VolumeMounts:    p.addVolumes(w, c),
		SecurityContext: pattern.RestrictedSecurityContext(user),
	}
	if p.Mode == VaultCLI {
		c.Objects = []sidecar.Object{pattern.NewConfigMap(w.ObjectName(), map[string]string{fetchKey: vaultScript})}
		ctr.Command, ctr.Args = []string{"sh", vaultDir + "/" + fetchKey}, p.fetchArgs(perms)
	} else {
		c.Objects = []sidecar.Object{pattern.NewConfigMap(w.ObjectName(), map[string]string{agentKey: p.agentConfig(perms)})}
		ctr.Command = []string{p.programName(), "agent", "-config=" + vaultDir + "/" + agentKey}
	}
	if p.fetchMode() == VaultAgent {
		ctr.StartupProbe = p.filesThere()
		c.Containers, c.AsInit = []corev1.Container{ctr}, vaultAsInit
	} else {
		c.InitContainers = []corev1.Container{ctr}
	}
	return c, nil
}

// startPhase returns the phase of secrets. If the address goes through a tunnel, it's after
// all tunnels, which the vault would otherwise block.
func (p *Vault) startPhase() sidecar.Phase {
	if u, err := url.Parse(p.Address); err == nil && pattern.IsLoopback(u.Hostname()) {
		return sidecar.PhaseTunnel + 1
	}
	return sidecar.PhaseSecrets
}

// filesThere returns the probe that delays the app until no file is empty. It's the only
// probe: the agent exits if it can't go on, and serves nothing.
func (p *Vault) filesThere() *corev1.Probe {
	command := []string{"sh", "-c", `for f; do test -s "$f" || exit 1; done`, "sh"}
	for i := range p.Files {
		command = append(command, p.Files[i].writtenPath())
	}
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}, PeriodSeconds: 1,
		FailureThreshold: vaultStart}
}

// programEnv returns the program's variables. OpenBao reads these too if its own aren't
// set. HOME is where the program looks for a person's token: without HOME, it doesn't start
// as a user that the image doesn't have.
func (p *Vault) programEnv() []corev1.EnvVar {
	env := []corev1.EnvVar{{Name: "HOME", Value: "/tmp"}}
	add := func(name, value string) {
		if value != "" {
			env = append(env, corev1.EnvVar{Name: name, Value: value})
		}
	}
	if p.Mode == VaultCLI { // in other modes, the agent's config has these
		add("VAULT_ADDR", p.Address)
		add("VAULT_TLS_SERVER_NAME", p.ServerName)
		if p.CA != nil {
			add("VAULT_CACERT", pattern.CADir+"/"+pattern.CAKey)
		}
	}
	add("VAULT_NAMESPACE", p.Namespace)
	return env
}

// addVolumes adds the volumes, mounts the files into the app, and returns the mounts of the
// sidecar.
func (p *Vault) addVolumes(w *sidecar.Workload, c *sidecar.Change) []corev1.VolumeMount {
	files, config, token := pattern.VolumeName(w, "files"), pattern.VolumeName(w, "config"), pattern.VolumeName(w, "token")
	c.Volumes = []corev1.Volume{
		pattern.TmpVolume(files), // never on a disk
		pattern.ConfigMapVolume(config, w.ObjectName()),
		{
			Name: token, VolumeSource: corev1.VolumeSource{
				Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{
					ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
						Audience: cmp.Or(p.Audience, "vault"), ExpirationSeconds: new(int64(vaultTokenSeconds)),
						Path: vaultTokenKey}}}}}},
	}
	c.App.VolumeMounts = []corev1.VolumeMount{{Name: files, MountPath: cmp.Or(p.MountPath, vaultFiles), ReadOnly: true}}
	mounts := []corev1.VolumeMount{
		{Name: files, MountPath: vaultFiles},
		{Name: config, MountPath: vaultDir, ReadOnly: true},
		{Name: token, MountPath: vaultTokenDir, ReadOnly: true},
	}
	if p.CA != nil {
		name := pattern.VolumeName(w, "ca")
		c.Volumes = append(c.Volumes, p.CA.Volume(name))
		mounts = append(mounts, corev1.VolumeMount{Name: name, MountPath: pattern.CADir, ReadOnly: true})
	}
	return mounts
}

func (p *Vault) fetchMode() VaultMode {
	if p.Mode == "" {
		return VaultAgent
	}
	return p.Mode
}

// writtenPath returns the file's path in the sidecar.
func (f *VaultFile) writtenPath() string { return vaultFiles + "/" + f.Path }
