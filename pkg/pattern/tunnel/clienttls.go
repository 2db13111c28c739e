package tunnel

import (
	"cmp"
	"path"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// ClientTLS makes the app itself use TLS. With protocol postgres, it gets the variables
// that libpq reads: PGSSLMODE=verify-full, PGSSLROOTCERT and, with a client certificate,
// PGSSLCERT and PGSSLKEY. (Drivers without libpq, such as Java's, don't read them.) For
// everything else, configure the app with env.
type ClientTLS struct {
	// MountPath is the folder in the app's containers with ca.crt and, with a
	// client certificate, tls.crt and tls.key. Default: /etc/outrigger/ and the
	// entry's name.
	MountPath string `json:"mountPath,omitempty"`
}

// clientTLS adds files and variables to the app. All files are in one projected volume, as
// they belong in one folder.
func (p *Tunnel) clientTLS(w *sidecar.Workload, c *sidecar.Change) {
	dir := cmp.Or(p.ClientTLS.MountPath, "/etc/outrigger/"+w.Name)
	var sources []corev1.VolumeProjection
	if p.CA.SecretName != "" {
		sources = append(sources, corev1.VolumeProjection{Secret: &corev1.SecretProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: p.CA.SecretName}, Items: p.CA.KeyItems(pattern.CAKey)}})
	} else {
		sources = append(sources, corev1.VolumeProjection{ConfigMap: &corev1.ConfigMapProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: p.CA.ConfigMapName}, Items: p.CA.KeyItems(pattern.CAKey)}})
	}
	var env []corev1.EnvVar
	add := func(name, value string) {
		if p.Protocol == Postgres {
			env = append(env, corev1.EnvVar{Name: name, Value: value})
		}
	}
	add("PGSSLMODE", "verify-full")
	add("PGSSLROOTCERT", path.Join(dir, pattern.CAKey))
	if p.ClientCertificate != nil {
		items := []corev1.KeyToPath{{Key: corev1.TLSCertKey, Path: corev1.TLSCertKey},
			{Key: corev1.TLSPrivateKeyKey, Path: corev1.TLSPrivateKeyKey}}
		if p.Protocol == Postgres {
			// libpq accepts root's key only if no one but its group can read it
			// (fe-secure-openssl.c). With fsGroup, that is the app's group.
			items[1].Mode = new(int32(0o640))
		}
		sources = append(sources, corev1.VolumeProjection{Secret: &corev1.SecretProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: p.ClientCertificate.secretName(w)}, Items: items}})
		add("PGSSLCERT", path.Join(dir, corev1.TLSCertKey))
		add("PGSSLKEY", path.Join(dir, corev1.TLSPrivateKeyKey))
	}
	name := pattern.VolumeName(w, "tls")
	c.Volumes = []corev1.Volume{
		{Name: name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: sources}}}}
	c.App.Env = append(sidecar.Vars(env...), c.App.Env...)
	c.App.VolumeMounts = []corev1.VolumeMount{{Name: name, MountPath: dir, ReadOnly: true}}
}
