package step

import (
	"cmp"
	"net/url"
	"path"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Fetch downloads a large file, such as a model, before the app starts. The file appears
// under its name only when it's complete and its checksum is right. Interrupted transfers
// are resumed. If a volume outlives the pod, a file with the right checksum isn't
// downloaded again.
type Fetch struct {
	// URL of the file: https://, or http:// with a sha256; or in an object storage,
	// s3://BUCKET/KEY, gs://BUCKET/KEY or azblob://CONTAINER/NAME.
	URL string `json:"url"`
	// SHA256 of the file, in hexadecimal. Without it, any content of the server is
	// accepted, interrupted transfers begin anew, and an existing file is kept.
	SHA256 string `json:"sha256,omitempty"`
	// FileName is the file's name in the app. Default: the last part of the url's path.
	FileName string `json:"fileName,omitempty"`
	// MountPath is the folder of the file in the app, read-only. Required, unless the app
	// mounts volumeName already.
	MountPath string `json:"mountPath,omitempty"`
	// SizeLimit is the most that the file may take: the size of its emptyDir, and the
	// ephemeral storage that the pod requests from the node. Required without volumeName.
	SizeLimit *resource.Quantity `json:"sizeLimit,omitempty"`
	// VolumeName is a volume of the pod for the file, such as a PersistentVolumeClaim's.
	// The file is then written by the app's user. Default: an emptyDir of its own.
	VolumeName string `json:"volumeName,omitempty"`

	// Headers is the key of a Secret with lines like "Authorization: Bearer ...", which are
	// sent with each request. After a redirect to another host, all but Authorization and
	// Cookie are sent there too.
	Headers *SecretFile `json:"headers,omitempty"`
	// Netrc is the key of a Secret with users and passwords for each host, as in .netrc.
	Netrc *SecretFile `json:"netrc,omitempty"`
	// CA is the authority of an https server's certificate. Default: the public authorities
	// in the image.
	CA *pattern.CABundle `json:"ca,omitempty"`

	// S3 is for an S3 storage other than AWS, or for another region.
	S3 *S3 `json:"s3,omitempty"`
	// Azure names the storage account of an azblob:// URL.
	Azure *Azure `json:"azure,omitempty"`
	// CredentialsSecretName is a Secret with static credentials for an object storage:
	// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3://, credentials.json (a service
	// account's key) for gs://, AZURE_STORAGE_KEY for azblob://. Default: the identity of
	// the pod's ServiceAccount.
	CredentialsSecretName string `json:"credentialsSecretName,omitempty"`
}

// A SecretFile is a key of a Secret.
type SecretFile struct {
	// SecretName is the name of the Secret.
	SecretName string `json:"secretName"`
	// Key of the Secret. Default: the name of the field, headers or netrc.
	Key string `json:"key,omitempty"`
}

// S3 is a storage with the S3 protocol.
type S3 struct {
	// Endpoint is the URL of the storage. Default: the AWS endpoint of the region.
	Endpoint string `json:"endpoint,omitempty"`
	// Region of the bucket. Default: the container's variable AWS_REGION, which EKS sets in
	// pods with an identity; else us-east-1.
	Region string `json:"region,omitempty"`
}

// Azure is an Azure storage.
type Azure struct {
	// Account is the name of the storage account.
	Account string `json:"account"`
}

var _ sidecar.Pattern = (*Fetch)(nil)

const (
	headersDir     = "/etc/outrigger/headers"
	netrcDir       = "/etc/outrigger/netrc"
	credentialsDir = "/etc/outrigger/credentials"

	headersKey     = "headers"
	netrcKey       = "netrc"
	credentialsKey = "credentials.json"
)

// rcloneSize: about 60 MiB with the buffers of several parallel parts.
var rcloneSize = pattern.Size{CPU: "100m", Memory: "64Mi", MaxMemory: "256Mi", FixedCPU: "250m"}

// Change downloads the file, and mounts it into the app.
func (p *Fetch) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseFetch, Dials: pattern.AtStart(p.storageServers())}
	mount, resources := p.addFolder(w, c)
	ctr := corev1.Container{Name: w.Name, VolumeMounts: []corev1.VolumeMount{mount}}
	file := path.Join(mount.MountPath, p.fileName())
	if remote := p.rclonePath(); remote != "" {
		ctr.Image, ctr.Command = w.Pulled(pattern.RcloneImage.Ref), stepScript("rclone")
		ctr.SecurityContext, ctr.Resources = p.fileOwner(w, pattern.RcloneImage), rcloneSize.Resources(w)
		ctr.Args = append(escapeArgs(file, p.SHA256, remote), rcloneArgs...)
		p.addStorage(w, c, &ctr)
	} else {
		ctr.Image, ctr.Command = w.Pulled(pattern.CurlImage.Ref), stepScript("fetch")
		ctr.SecurityContext, ctr.Resources = p.fileOwner(w, pattern.CurlImage), stepSize.Resources(w)
		ctr.Args = escapeArgs(file, p.SHA256, p.URL)
		p.addCurlOptions(w, c, &ctr)
	}
	for name, q := range resources.Requests {
		ctr.Resources.Requests[name] = q
	}
	for name, q := range resources.Limits {
		ctr.Resources.Limits[name] = q
	}
	c.InitContainers = []corev1.Container{ctr}
	return c, nil
}

// addFolder returns the mount of the file's folder in the init container, and the resources
// for it. If the app doesn't mount the folder itself, it gets it read-only.
func (p *Fetch) addFolder(w *sidecar.Workload, c *sidecar.Change) (corev1.VolumeMount, corev1.ResourceRequirements) {
	if p.VolumeName != "" {
		mount := p.appMount(w)
		c.App.VolumeMounts = []corev1.VolumeMount{mount}
		return corev1.VolumeMount{Name: mount.Name, MountPath: mount.MountPath, SubPath: mount.SubPath},
			corev1.ResourceRequirements{}
	}
	name := pattern.VolumeName(w, "files")
	c.Volumes = append(c.Volumes,
		corev1.Volume{
			Name: name, VolumeSource: corev1.VolumeSource{
				EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(p.SizeLimit.DeepCopy())}}})
	c.App.VolumeMounts = []corev1.VolumeMount{{Name: name, MountPath: p.MountPath, ReadOnly: true}}
	return corev1.VolumeMount{Name: name, MountPath: p.MountPath}, storageResources(w, *p.SizeLimit)
}

// appMount returns the app's mount of the volume: the existing one, which an earlier run
// may have added, or a new one.
func (p *Fetch) appMount(w *sidecar.Workload) corev1.VolumeMount {
	for _, m := range w.App.VolumeMounts {
		if m.Name == p.VolumeName && (p.MountPath == "" || path.Clean(m.MountPath) == p.MountPath) {
			return m
		}
	}
	return corev1.VolumeMount{Name: p.VolumeName, MountPath: p.MountPath, ReadOnly: true}
}

// fileOwner returns a securityContext with the user that writes the file. For a volume of
// the app it's the app's user, if that is known. The pod's fsGroup helps in any case.
func (p *Fetch) fileOwner(w *sidecar.Workload, i pattern.Image) *corev1.SecurityContext {
	if user, group := pattern.RunsAs(w, w.App); p.VolumeName != "" && user != nil && *user != 0 {
		i.UID, i.GID = *user, *user
		if group != nil {
			i.GID = *group
		}
	}
	return pattern.RestrictedSecurityContext(i)
}

// fileName returns the file's name in the app.
func (p *Fetch) fileName() string {
	if p.FileName != "" {
		return p.FileName
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}

// addCurlOptions adds options for the server. Plain HTTP, even in redirects, is only
// allowed for a file with a checksum.
func (p *Fetch) addCurlOptions(w *sidecar.Workload, c *sidecar.Change, ctr *corev1.Container) {
	if isPlain(p.URL) {
		ctr.Args = append(ctr.Args, "--proto", "=http,https", "--proto-redir", "=http,https")
	} else {
		ctr.Args = append(ctr.Args, "--proto", "=https", "--proto-redir", "=https")
	}
	addSecret := func(s *SecretFile, what, dir, option string, prefix string) {
		if s == nil {
			return
		}
		name := pattern.VolumeName(w, what)
		v := pattern.SecretVolume(name, s.SecretName)
		v.Secret.Items = []corev1.KeyToPath{{Key: cmp.Or(s.Key, what), Path: what}}
		c.Volumes = append(c.Volumes, v)
		ctr.VolumeMounts = append(ctr.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: dir, ReadOnly: true})
		ctr.Args = append(ctr.Args, option, prefix+dir+"/"+what)
	}
	addSecret(p.Headers, headersKey, headersDir, "--header", "@")
	addSecret(p.Netrc, netrcKey, netrcDir, "--netrc-file", "")
	if p.CA != nil {
		trustCA(w, p.CA, c, ctr)
	}
}
