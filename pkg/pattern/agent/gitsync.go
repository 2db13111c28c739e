package agent

import (
	"cmp"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// GitSync keeps a Git repository in a volume of the pod, or fetches it once. What the
// app sees is a link to a folder with the files of one commit: a newer one gets a
// folder of its own, and the link is turned to it at once. So the app should open
// files by the link, and not stay in the folder behind it.
type GitSync struct {
	// Repo is the repository's URL, as in https://git.example/team/content or
	// ssh://git@git.example/team/content. No password stands in it. Required.
	Repo string `json:"repo"`
	// Ref is a branch, a tag or the whole hash of a commit. Default: HEAD, the
	// repository's main branch.
	Ref string `json:"ref,omitempty"`
	// Once fetches it before the app starts, and never again. Default: false.
	Once bool `json:"once,omitempty"`
	// PeriodSeconds is how long to wait between two looks at the repository.
	// Default: 60.
	PeriodSeconds int32 `json:"periodSeconds,omitempty"`
	// TimeoutSeconds bounds one look, with all that it has to fetch. Default: 120.
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty"`
	// MountPath is the folder in the app's containers in which the link is. Default:
	// /git.
	MountPath string `json:"mountPath,omitempty"`
	// Link is the name of the link. Default: current.
	Link string `json:"link,omitempty"`
	// Depth is how many commits of history are fetched; 0: all. Default: 1.
	Depth *int32 `json:"depth,omitempty"`
	// Submodules are recursive, shallow (not those of submodules) or off. Default:
	// recursive.
	Submodules GitSubmodules `json:"submodules,omitempty"`
	// SizeLimit of the volume. A pod that has more in it is evicted: two commits and
	// the history must fit. Default: 1Gi.
	SizeLimit *resource.Quantity `json:"sizeLimit,omitempty"`
	// BasicAuth is for https. Default: nobody logs in.
	BasicAuth *GitBasicAuth `json:"basicAuth,omitempty"`
	// SSH is for ssh, where it's required.
	SSH *GitSSH `json:"ssh,omitempty"`
	// CA is the authority that the server's certificate must come from. A changed one
	// counts when the pod starts anew. Default: the public authorities that the image
	// knows.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// StatusPort is where the kubelet sees on the pod's address that the files are
	// there. A second one in a pod needs another port. Default: 16004.
	StatusPort int32 `json:"statusPort,omitempty"`
}

// A GitBasicAuth is who logs in, by a password or a token.
type GitBasicAuth struct {
	// SecretName is the Secret with username and password, of type
	// kubernetes.io/basic-auth. A changed one counts when the pod starts anew.
	// Required.
	SecretName string `json:"secretName"`
}

// A GitSSH is a key to log in with.
type GitSSH struct {
	// SecretName is the Secret with the key (ssh-privatekey) and the lines of the
	// server's own keys (known_hosts, as ssh-keyscan writes them), of type
	// kubernetes.io/ssh-auth. Required.
	SecretName string `json:"secretName"`
}

// GitSubmodules says which submodules are fetched.
type GitSubmodules string

const (
	GitRecursive GitSubmodules = "recursive"
	GitShallow   GitSubmodules = "shallow"
	GitOff       GitSubmodules = "off"
)

var _ sidecar.Pattern = (*GitSync)(nil)

const (
	gitDir     = "/git"               // where the files are, in our container and by default in the app's
	gitAuthDir = "/etc/outrigger/git" // where credentials are
	knownHosts = "known_hosts"

	gitPeriod  = 60
	gitTimeout = 120
	gitSize    = "1Gi"
	gitStatus  = 16004
	gitStart   = 300 // seconds until the kubelet starts it anew, which shows
)

// gitSyncSize: some 15 MiB when idle; git takes what the largest files and the
// history need.
var gitSyncSize = pattern.Size{CPU: "10m", Memory: "64Mi", MaxMemory: "512Mi", FixedCPU: "200m"}

// Change adds git-sync and shows its files to the app. They're readable for everybody
// in the volume, so its user need not be the app's. The volume is mounted as a whole
// where the link is, never the folder behind it: that goes with the next commit.
func (p *GitSync) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	files, tmp := pattern.VolumeName(w, "files"), pattern.VolumeName(w, "tmp")
	c := &sidecar.Change{Phase: sidecar.PhaseFetch, Volumes: []corev1.Volume{
		{Name: files, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: p.sizeLimit()}}},
		pattern.TmpVolume(tmp), // git's own settings
	}}
	c.App.VolumeMounts = []corev1.VolumeMount{{Name: files, MountPath: cmp.Or(p.MountPath, gitDir), ReadOnly: true}}
	ctr := corev1.Container{
		Name:      w.Name,
		Image:     pattern.GitSyncImage.Ref,
		Args:      p.syncArgs(),
		Env:       p.credentialEnv(),
		Resources: gitSyncSize.Resources(w),
		VolumeMounts: append([]corev1.VolumeMount{{Name: files, MountPath: gitDir}, {Name: tmp, MountPath: "/tmp"}},
			p.addCredentials(w, c)...),
		SecurityContext: pattern.RestrictedSecurityContext(pattern.GitSyncImage),
	}
	if p.Once {
		c.InitContainers = []corev1.Container{ctr}
		return c, nil
	}
	// It says 503 until the files are there, and 200 from then on, whatever becomes of
	// the repository: there is nothing in it for the app's readiness.
	ctr.Ports = []corev1.ContainerPort{{ContainerPort: p.statusPort()}}
	ctr.StartupProbe, ctr.LivenessProbe = pattern.NewHTTPProbe("/", p.statusPort(), 1, gitStart),
		pattern.NewHTTPProbe("/", p.statusPort(), 20, 3)
	c.Containers = []corev1.Container{ctr}
	return c, nil
}

// syncArgs are git-sync's (main.go of v4). Where it stays, it goes on trying: that the
// repository is away is no reason to take the files of before from the app. At the
// start the probe puts an end to that.
func (p *GitSync) syncArgs() []string {
	args := []string{"--repo=" + p.Repo, "--ref=" + cmp.Or(p.Ref, "HEAD"), "--depth=" + strconv.Itoa(int(p.cloneDepth())),
		"--root=" + gitDir, "--link=" + cmp.Or(p.Link, "current")}
	if p.Submodules != "" {
		args = append(args, "--submodules="+string(p.Submodules))
	}
	args = append(args, "--sync-timeout="+formatSeconds(p.TimeoutSeconds, gitTimeout))
	if p.SSH != nil {
		args = append(args, "--ssh-key-file="+gitAuthDir+"/"+corev1.SSHAuthPrivateKey,
			"--ssh-known-hosts-file="+gitAuthDir+"/"+knownHosts)
	}
	if p.Once {
		return append(args, "--one-time")
	}
	return append(args, "--period="+formatSeconds(p.PeriodSeconds, gitPeriod), "--max-failures=-1",
		"--http-bind=:"+strconv.Itoa(int(p.statusPort())))
}

// credentialEnv leads to the credentials. The name comes as a variable, as there is no file for
// it; the password doesn't, as variables are seen by more.
func (p *GitSync) credentialEnv() (credentialEnv []corev1.EnvVar) {
	if p.BasicAuth != nil {
		credentialEnv = append(credentialEnv,
			corev1.EnvVar{Name: "GITSYNC_USERNAME", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: p.BasicAuth.SecretName},
				Key:                  corev1.BasicAuthUsernameKey}}},
			corev1.EnvVar{Name: "GITSYNC_PASSWORD_FILE", Value: gitAuthDir + "/" + corev1.BasicAuthPasswordKey})
	}
	if p.CA != nil {
		// git's own
		credentialEnv = append(credentialEnv,
			corev1.EnvVar{Name: "GIT_SSL_CAINFO", Value: pattern.CADir + "/" + pattern.CAKey})
	}
	return credentialEnv
}

// addCredentials adds the volumes of what git needs to log in. ssh wants its key closed
// to others only where the key is the user's own; this one belongs to root.
func (p *GitSync) addCredentials(w *sidecar.Workload, c *sidecar.Change) (mounts []corev1.VolumeMount) {
	add := func(v corev1.Volume, dir string) {
		c.Volumes = append(c.Volumes, v)
		mounts = append(mounts, corev1.VolumeMount{Name: v.Name, MountPath: dir, ReadOnly: true})
	}
	switch {
	case p.BasicAuth != nil:
		add(pattern.SecretVolume(pattern.VolumeName(w, "auth"), p.BasicAuth.SecretName, corev1.BasicAuthPasswordKey),
			gitAuthDir)
	case p.SSH != nil:
		add(pattern.SecretVolume(pattern.VolumeName(w, "auth"), p.SSH.SecretName, corev1.SSHAuthPrivateKey, knownHosts),
			gitAuthDir)
	}
	if p.CA != nil {
		add(p.CA.Volume(pattern.VolumeName(w, "ca")), pattern.CADir)
	}
	return mounts
}

func (p *GitSync) sizeLimit() *resource.Quantity {
	if p.SizeLimit != nil {
		return new(p.SizeLimit.DeepCopy())
	}
	return new(resource.MustParse(gitSize))
}

func (p *GitSync) cloneDepth() int32 {
	if p.Depth == nil {
		return 1
	}
	return *p.Depth
}

func (p *GitSync) statusPort() int32 {
	if p.StatusPort == 0 {
		return gitStatus
	}
	return p.StatusPort
}

// formatSeconds are written as Go's durations.
func formatSeconds(n, def int32) string {
	if n == 0 {
		n = def
	}
	return strconv.Itoa(int(n)) + "s"
}
