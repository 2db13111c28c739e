package step

import (
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// rcloneArgs: the pod has no config file, nor a place for one. Nobody is to read of
// all retries in vain for an hour; the kubelet tries again, with growing pauses.
var rcloneArgs = []string{"--config", "", "--retries", "3", "--contimeout", "10s", "--stats", "30s", "--stats-one-line",
	"--stats-log-level", "NOTICE"}

// backends are rclone's names for object storages, by the scheme of a URL.
var backends = map[string]string{"s3": "s3", "gs": "gcs", "azblob": "azureblob"}

// rclonePath is a file in an object storage as rclone has it, or "". Settings of a
// backend come by variables: so there is nothing to be quoted.
func (p *Fetch) rclonePath() string {
	u, err := url.Parse(p.URL)
	if err != nil || backends[u.Scheme] == "" {
		return ""
	}
	return ":" + backends[u.Scheme] + ":" + u.Host + u.Path
}

func (p *Fetch) urlScheme() string {
	scheme, _, _ := strings.Cut(p.URL, ":")
	return scheme
}

// addStorage adds where the object storage is, and as whom it's asked.
func (p *Fetch) addStorage(w *sidecar.Workload, c *sidecar.Change, ctr *corev1.Container) {
	set := func(name, value string) {
		if value != "" {
			ctr.Env = append(ctr.Env, corev1.EnvVar{Name: name, Value: escapeArgs(value)[0]})
		}
	}
	secret := func(name, key string) {
		ctr.Env = append(ctr.Env, corev1.EnvVar{Name: name,
			ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: p.CredentialsSecretName}, Key: key}}})
	}
	switch static := p.CredentialsSecretName != ""; p.urlScheme() {
	case "s3":
		provider := "AWS"
		if p.S3 != nil && p.S3.Endpoint != "" {
			provider = "Other"
		}
		set("RCLONE_S3_PROVIDER", provider)
		set("RCLONE_S3_ENV_AUTH", "true") // the SDK's way: variables, web identity, the node
		if p.S3 != nil {
			set("RCLONE_S3_ENDPOINT", p.S3.Endpoint)
			set("RCLONE_S3_REGION", p.S3.Region)
		}
		if static {
			secret("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID")
			secret("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
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
			secret("RCLONE_AZUREBLOB_KEY", "AZURE_STORAGE_KEY")
		} else {
			set("RCLONE_AZUREBLOB_ENV_AUTH", "true")
		}
	}
}

// credentialKeys are those that a Secret with static credentials must have.
var credentialKeys = map[string][]string{
	"s3":     {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
	"gs":     {credentialsKey},
	"azblob": {"AZURE_STORAGE_KEY"},
}

// accountRoles are the annotations by which a ServiceAccount gets an identity of the
// cloud, by the scheme of a URL, with the other way, of which manifests tell nothing.
var accountRoles = map[string]struct{ annotation, other string }{
	"s3":     {"eks.amazonaws.com/role-arn", "EKS Pod Identity"},
	"gs":     {"iam.gke.io/gcp-service-account", "a grant to the Kubernetes ServiceAccount itself"},
	"azblob": {"azure.workload.identity/client-id", "the node's managed identity"},
}
