package step

import (
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// rcloneArgs: the pod has no config file, and no place for one. With few retries, failures
// are soon visible; the kubelet then restarts the container, after longer and longer
// pauses.
var rcloneArgs = []string{"--config", "", "--retries", "3", "--contimeout", "10s", "--stats", "30s", "--stats-one-line",
	"--stats-log-level", "NOTICE"}

// backends maps schemes of URLs to rclone's names of object storages.
var backends = map[string]string{"s3": "s3", "gs": "gcs", "azblob": "azureblob"}

// rclonePath returns rclone's path of a file in an object storage, or "". Settings of a
// backend are variables, so nothing needs quoting.
func (p *Fetch) rclonePath() string {
	u, err := url.Parse(p.URL)
	if err != nil || backends[u.Scheme] == "" {
		return ""
	}
	return ":" + backends[u.Scheme] + ":" + u.Host + u.Path
}

// storageServers returns where the file comes from, and where the pod's identity is exchanged for
// credentials.
func (p *Fetch) storageServers() []sidecar.Dial {
	https := func(hosts ...string) (all []sidecar.Dial) {
		for _, host := range hosts {
			all = append(all, sidecar.Dial{Host: host, Port: 443})
		}
		return all
	}
	static := p.CredentialsSecretName != ""
	switch scheme := p.urlScheme(); {
	case scheme == "s3" && p.S3 != nil && p.S3.Endpoint != "":
		return pattern.DialsOf(p.S3.Endpoint)
	case scheme == "s3" && static:
		return []sidecar.Dial{{Port: 443, For: "S3"}} // the host has the region
	case scheme == "s3":
		return []sidecar.Dial{{Port: 443, For: "S3"}, {Port: 443, For: "STS"}}
	case scheme == "gs" && static:
		return https("storage.googleapis.com", "oauth2.googleapis.com")
	case scheme == "gs":
		return append(https("storage.googleapis.com"), pattern.GoogleMetadata)
	case scheme == "azblob" && p.Azure != nil && static:
		return https(p.Azure.Account + ".blob.core.windows.net")
	case scheme == "azblob" && p.Azure != nil:
		return https(p.Azure.Account+".blob.core.windows.net", "login.microsoftonline.com")
	}
	return pattern.DialsOf(p.URL)
}

func (p *Fetch) urlScheme() string {
	scheme, _, _ := strings.Cut(p.URL, ":")
	return scheme
}

// addStorage adds the settings and the credentials of the object storage.
func (p *Fetch) addStorage(w *sidecar.Workload, c *sidecar.Change, ctr *corev1.Container) {
	set := func(name, value string) {
		if value != "" {
			ctr.Env = append(ctr.Env, corev1.EnvVar{Name: name, Value: escapeArgs(value)[0]})
		}
	}
	setSecret := func(name, key string) {
		ctr.Env = append(ctr.Env, pattern.SecretEnvVar(name, p.CredentialsSecretName, key))
	}
	switch static := p.CredentialsSecretName != ""; p.urlScheme() {
	case "s3":
		provider := "AWS"
		if p.S3 != nil && p.S3.Endpoint != "" {
			provider = "Other"
		}
		set("RCLONE_S3_PROVIDER", provider)
		set("RCLONE_S3_ENV_AUTH", "true") // the order of the SDK: variables, web identity, the node
		if p.S3 != nil {
			set("RCLONE_S3_ENDPOINT", p.S3.Endpoint)
			set("RCLONE_S3_REGION", p.S3.Region)
		}
		if static {
			setSecret("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID")
			setSecret("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
		}
	case "gs":
		if !static {
			set("RCLONE_GCS_ENV_AUTH", "true")
			return
		}
		name := pattern.VolumeName(w, "credentials")
		c.Volumes = append(c.Volumes, pattern.SecretVolume(name, p.CredentialsSecretName, credentialsKey))
		ctr.VolumeMounts = append(ctr.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: credentialsDir, ReadOnly: true})
		set("RCLONE_GCS_SERVICE_ACCOUNT_FILE", credentialsDir+"/"+credentialsKey)
	case "azblob":
		if p.Azure != nil {
			set("RCLONE_AZUREBLOB_ACCOUNT", p.Azure.Account)
		}
		if static {
			setSecret("RCLONE_AZUREBLOB_KEY", "AZURE_STORAGE_KEY")
		} else {
			set("RCLONE_AZUREBLOB_ENV_AUTH", "true")
		}
	}
}

// credentialKeys are the required keys of a Secret with static credentials.
var credentialKeys = map[string][]string{
	"s3":     {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
	"gs":     {credentialsKey},
	"azblob": {"AZURE_STORAGE_KEY"},
}

// accountRoles maps schemes of URLs to the annotation that gives a ServiceAccount its
// identity in the cloud, and to another way, which manifests don't show.
var accountRoles = map[string]struct{ annotation, other string }{
	"s3":     {"eks.amazonaws.com/role-arn", "EKS Pod Identity"},
	"gs":     {"iam.gke.io/gcp-service-account", "a grant to the Kubernetes ServiceAccount itself"},
	"azblob": {"azure.workload.identity/client-id", "the node's managed identity"},
}
