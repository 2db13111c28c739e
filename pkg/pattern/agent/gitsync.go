package agent

import (
	"cmp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// GitSync keeps a Git repository in a volume of the pod, or fetches it once. The app sees a
// link to a folder with the files of one commit. A newer commit gets a folder of its own,
// and the link then changes atomically. So the app should open files through the link, and
// not keep the folder behind it open.
type GitSync struct {
	// Repo is the repository's URL, as in https://git.example/team/content or
	// ssh://git@git.example/team/content. It must not contain a password. Required.
	Repo string `json:"repo"`
	// Ref is a branch, a tag or the full hash of a commit. Default: HEAD, the repository's
	// main branch.
	Ref string `json:"ref,omitempty"`
	// Once fetches the repository before the app starts, and never again. Default: false.
	Once bool `json:"once,omitempty"`
	// PeriodSeconds is the time between two checks of the repository. Default: 60.
	PeriodSeconds int32 `json:"periodSeconds,omitempty"`
	// TimeoutSeconds limits one check, including what it fetches. Default: 120.
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty"`
	// MountPath is the folder of the link in the app's containers. Default: /git.
	MountPath string `json:"mountPath,omitempty"`
	// Link is the name of the link. Default: current.
	Link string `json:"link,omitempty"`
	// Depth is the number of commits to fetch; 0 means the whole history. Default: 1.
	Depth *int32 `json:"depth,omitempty"`
	// Submodules are fetched: recursive (with their own submodules), shallow (without
	// these) or off. Default: recursive.
	Submodules GitSubmodules `json:"submodules,omitempty"`
	// SizeLimit of the volume. A pod with more data in it is evicted, so two commits and
	// the history must fit. Default: 1Gi.
	SizeLimit *resource.Quantity `json:"sizeLimit,omitempty"`
	// BasicAuth is a username and password for https. Default: no login.
	BasicAuth *GitBasicAuth `json:"basicAuth,omitempty"`
	// SSH is a key for ssh. Required for ssh.
	SSH *GitSSH `json:"ssh,omitempty"`
	// CA is the authority of the server's certificate. A change takes effect when the pod
	// starts anew. Default: the public authorities in the image.
	CA *pattern.CABundle `json:"ca,omitempty"`
	// StatusPort is the port of the pod's address on which the kubelet checks that the
	// files have been fetched. A second gitSync in a pod needs another port. Default:
	// 16004.
	StatusPort int32 `json:"statusPort,omitempty"`
}

// A GitBasicAuth is a username with a password or token.
type GitBasicAuth struct {
	// SecretName is the Secret with username and password, of type
	// kubernetes.io/basic-auth. A change takes effect when the pod starts anew. Required.
	SecretName string `json:"secretName"`
}

// A GitSSH is a key for the login.
type GitSSH struct {
	// SecretName is the Secret with the key (ssh-privatekey) and the server's own keys
	// (known_hosts, as ssh-keyscan prints them), of type kubernetes.io/ssh-auth. Required.
	SecretName string `json:"secretName"`
}

// GitSubmodules is the kind of submodules to fetch.
type GitSubmodules string

const (
	GitRecursive GitSubmodules = "recursive"
	GitShallow   GitSubmodules = "shallow"
	GitOff       GitSubmodules = "off"
)

var _ sidecar.Pattern = (*GitSync)(nil)

const (
	gitDir     = "/git"               // of the files, in the sidecar and by default in the app
	gitAuthDir = "/etc/outrigger/git" // of the credentials
	knownHosts = "known_hosts"

	gitPeriod  = 60
	gitTimeout = 120
	gitSize    = "1Gi"
	gitStatus  = 16004
	gitStart   = 300 // seconds until the kubelet restarts the container, which shows in its status
)

// gitSyncSize: about 15 MiB when idle. git needs more for the largest files and the
// history.
var gitSyncSize = pattern.Size{CPU: "10m", Memory: "64Mi", MaxMemory: "512Mi", FixedCPU: "200m"}

// gitSyncAsInit is for messages: it fetches the repository before the app starts.
const gitSyncAsInit = "once: true"

// Change adds git-sync and mounts its files into the app. Everybody can read them in the
// volume, so git-sync needn't run as the app's user. The mount is the volume with the link,
// never the folder behind the link, which the next commit removes.
func (p *GitSync) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	files, tmp := pattern.VolumeName(w, "files"), pattern.VolumeName(w, "tmp")
	c := &sidecar.Change{Phase: sidecar.PhaseFetch, Dials: pattern.AtStart(p.repoServer()), Volumes: []corev1.Volume{
		{Name: files, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: p.sizeLimit()}}},
		pattern.TmpVolume(tmp), // for settings of git
	}}
	c.App.VolumeMounts = []corev1.VolumeMount{{Name: files, MountPath: cmp.Or(p.MountPath, gitDir), ReadOnly: true}}
	ctr := corev1.Container{
		Name:      w.Name,
		Image:     w.Pulled(pattern.GitSyncImage.Ref),
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
	c.AsInit = gitSyncAsInit
	// The page returns 503 until the files are there, and 200 from then on, even if the
	// repository fails later. So it says nothing about readiness.
	ctr.Ports = []corev1.ContainerPort{{ContainerPort: p.statusPort()}}
	ctr.StartupProbe, ctr.LivenessProbe = pattern.NewHTTPProbe("/", p.statusPort(), 1, gitStart),
		pattern.NewHTTPProbe("/", p.statusPort(), 20, 3)
	c.Containers = []corev1.Container{ctr}
	return c, nil
}

// repoServer returns where the repository is. git's short form for ssh has no port.
func (p *GitSync) repoServer() []sidecar.Dial {
	if strings.Contains(p.Repo, "://") {
		return pattern.DialsOf(p.Repo)
	}
	user, _, _ := strings.Cut(p.Repo, ":")
	return pattern.DialsOf("ssh://" + user)
}

// syncArgs returns the arguments of git-sync (main.go of v4). It retries forever: the app
// keeps the last files while the repository is unreachable. At the start, the startup probe
// ends the attempts.
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

// credentialEnv returns variables for the login. The username has to be a variable, as
// there is no option for a file. The password is a file, as more programs can read
// variables.
func (p *GitSync) credentialEnv() (env []corev1.EnvVar) {
	if p.BasicAuth != nil {
		env = append(env,
			pattern.SecretEnvVar("GITSYNC_USERNAME", p.BasicAuth.SecretName, corev1.BasicAuthUsernameKey),
			corev1.EnvVar{Name: "GITSYNC_PASSWORD_FILE", Value: gitAuthDir + "/" + corev1.BasicAuthPasswordKey})
	}
	if p.CA != nil {
		env = append(env, corev1.EnvVar{Name: "GIT_SSL_CAINFO", Value: pattern.CADir + "/" + pattern.CAKey})
	}
	return env
}

// addCredentials adds the volumes for the login. ssh requires a private mode only for a key
// that its own user owns, and root owns this one.
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

// formatSeconds formats seconds, or the default if they're 0, as a Go duration.
func formatSeconds(n, def int32) string {
	return strconv.Itoa(int(cmp.Or(n, def))) + "s"
}
