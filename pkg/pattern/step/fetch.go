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

// Fetch gets a large file, such as a model, before the app starts. It appears under
// its name only when all of it is there and its checksum is right. Transfers that
// are cut are resumed, and where a volume outlives the pod, a file that is right
// isn't fetched again.
type Fetch struct {
	// URL of the file: https://, or http:// with a sha256; or in an object storage,
	// s3://BUCKET/KEY, gs://BUCKET/KEY or azblob://CONTAINER/NAME.
	URL string `json:"url"`
	// SHA256 of the file, in hexadecimal. Without one, whatever the server has is
	// taken, what was cut begins anew, and a file that is there is kept as it is.
	SHA256 string `json:"sha256,omitempty"`
	// FileName under which the app finds it. Default: the last part of the url's path.
	FileName string `json:"fileName,omitempty"`
	// MountPath is the folder in which the app finds it, read-only. Required, unless
	// the app mounts volumeName already.
	MountPath string `json:"mountPath,omitempty"`
	// SizeLimit is what the file may take: of the emptyDir in which it lies, and of the
	// node's ephemeral storage that the pod asks for. Required, unless volumeName is
	// given.
	SizeLimit *resource.Quantity `json:"sizeLimit,omitempty"`
	// VolumeName is a volume of the pod in which the file lies, such as a
	// PersistentVolumeClaim's, for whose user the file is fetched then. Default: an
	// emptyDir of its own.
	VolumeName string `json:"volumeName,omitempty"`

	// Headers are a Secret's key with lines like "Authorization: Bearer ...", which are
	// sent with each request; to another host that answers in place of the first, all
	// but Authorization and Cookie go too.
	Headers *SecretFile `json:"headers,omitempty"`
	// Netrc is a Secret's key with users and passwords by host, as in .netrc.
	Netrc *SecretFile `json:"netrc,omitempty"`
	// CA is the authority that an https server's certificate must come from. Default:
	// the public authorities that the image knows.
	CA *pattern.CABundle `json:"ca,omitempty"`

	// S3 says which S3 it is, where it isn't that of AWS.
	S3 *S3 `json:"s3,omitempty"`
	// Azure says where an azblob:// is.
	Azure *Azure `json:"azure,omitempty"`
	// CredentialsSecretName is a Secret with static credentials for an object storage:
	// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3://, credentials.json, a
	// service account's key, for gs://, AZURE_STORAGE_KEY for azblob://. Default: the
	// identity of the pod's ServiceAccount.
	CredentialsSecretName string `json:"credentialsSecretName,omitempty"`
}

// A SecretFile is a key of a Secret.
type SecretFile struct {
	// SecretName is the Secret.
	SecretName string `json:"secretName"`
	// Key in there. Default: the name of the field, headers or netrc.
	Key string `json:"key,omitempty"`
}

// S3 is a storage that speaks S3.
type S3 struct {
	// Endpoint is the URL of the storage. Default: that of AWS in the region.
	Endpoint string `json:"endpoint,omitempty"`
	// Region of the bucket. Default: what AWS_REGION says in the container, which EKS
	// gives to pods with an identity; else us-east-1.
	Region string `json:"region,omitempty"`
}

// Azure is a storage of Azure.
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

// rcloneSize: some 60 MiB with the buffers of several parts at once.
var rcloneSize = pattern.Size{CPU: "100m", Memory: "64Mi", MaxMemory: "256Mi", FixedCPU: "250m"}

// Change fetches the file, and shows it to the app.
func (p *Fetch) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	c := &sidecar.Change{Phase: sidecar.PhaseFetch}
	mount, resources := p.addFolder(w, c)
	ctr := corev1.Container{Name: w.Name, VolumeMounts: []corev1.VolumeMount{mount}}
	file := path.Join(mount.MountPath, p.fileName())
	if remote := p.rclonePath(); remote != "" {
		ctr.Image, ctr.Command = pattern.RcloneImage.Ref, stepScript("rclone")
		ctr.SecurityContext, ctr.Resources = p.fileOwner(w, pattern.RcloneImage), rcloneSize.Resources(w)
		ctr.Args = append(escapeArgs(file, p.SHA256, remote), rcloneArgs...)
		p.addStorage(w, c, &ctr)
	} else {
		ctr.Image, ctr.Command = pattern.CurlImage.Ref, stepScript("fetch")
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

// addFolder is where the container writes the file. The app gets to see it read-only,
// where it doesn't mount it by itself.
func (p *Fetch) addFolder(w *sidecar.Workload, c *sidecar.Change) (corev1.VolumeMount, corev1.ResourceRequirements) {
	if p.VolumeName != "" {
		there := p.appMount(w)
		c.App.VolumeMounts = []corev1.VolumeMount{there}
		return corev1.VolumeMount{Name: there.Name, MountPath: there.MountPath, SubPath: there.SubPath},
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

// appMount is the app's mount of the volume: the one that it has, be it ours from an
// earlier run, or a new one.
func (p *Fetch) appMount(w *sidecar.Workload) corev1.VolumeMount {
	for _, m := range w.App.VolumeMounts {
		if m.Name == p.VolumeName && (p.MountPath == "" || path.Clean(m.MountPath) == p.MountPath) {
			return m
		}
	}
	return corev1.VolumeMount{Name: p.VolumeName, MountPath: p.MountPath, ReadOnly: true}
}

// fileOwner is whom the file is written as. A volume of the app's is the app's to write
// to, as far as we know who that is; the pod's fsGroup helps in any case.
func (p *Fetch) fileOwner(w *sidecar.Workload, i pattern.Image) *corev1.SecurityContext {
	if user, group := pattern.RunsAs(w, w.App); p.VolumeName != "" && user != nil && *user != 0 {
		i.UID, i.GID = *user, *user
		if group != nil {
			i.GID = *group
		}
	}
	return pattern.RestrictedSecurityContext(i)
}

// fileName is the one under which the app finds the file.
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

// addCurlOptions adds how the server is to be asked. Neither it nor whom it names instead is
// asked in plain, unless the file is known by its checksum.
func (p *Fetch) addCurlOptions(w *sidecar.Workload, c *sidecar.Change, ctr *corev1.Container) {
	if isPlain(p.URL) {
		ctr.Args = append(ctr.Args, "--proto", "=http,https", "--proto-redir", "=http,https")
	} else {
		ctr.Args = append(ctr.Args, "--proto", "=https", "--proto-redir", "=https")
	}
	secret := func(s *SecretFile, what, dir, option string, prefix string) {
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
	secret(p.Headers, headersKey, headersDir, "--header", "@")
	secret(p.Netrc, netrcKey, netrcDir, "--netrc-file", "")
	if p.CA != nil {
		trustCA(w, p.CA, c, ctr)
	}
}
