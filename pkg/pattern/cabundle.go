package pattern

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A CABundle names a Secret or a ConfigMap that holds certificates of authorities. One of
// them is required.
type CABundle struct {
	// SecretName is the Secret that holds the certificates.
	SecretName string `json:"secretName,omitempty"`
	// ConfigMapName is the ConfigMap that holds the certificates.
	ConfigMapName string `json:"configMapName,omitempty"`
	// Key of the certificates in the Secret or ConfigMap. Default: ca.crt.
	Key string `json:"key,omitempty"`
}

// CAKey is the default key of the certificates, and the name of their file in CADir.
const CAKey = "ca.crt"

// Volume returns a volume with the certificates as ca.crt, and nothing else of the Secret
// or ConfigMap.
func (ca *CABundle) Volume(name string) corev1.Volume { return ca.VolumeAs(name, CAKey) }

// VolumeAs is Volume with another name for the file, which is also the default of the key.
func (ca *CABundle) VolumeAs(name, file string) corev1.Volume {
	items := ca.KeyItems(file)
	if ca.SecretName != "" {
		v := SecretVolume(name, ca.SecretName)
		v.Secret.Items = items
		return v
	}
	v := ConfigMapVolume(name, ca.ConfigMapName)
	v.ConfigMap.Items = items
	return v
}

// KeyItems returns the items of a volume that has the certificates as one file.
func (ca *CABundle) KeyItems(file string) []corev1.KeyToPath {
	return []corev1.KeyToPath{{Key: cmp.Or(ca.Key, file), Path: file}}
}

// CheckKey finds a Secret or ConfigMap of the input that lacks the key.
func (ca *CABundle) CheckKey(w *sidecar.Workload, at string, fs *sidecar.Findings) {
	ca.CheckKeyAs(w, at, CAKey, fs)
}

// CheckKeyAs is CheckKey with another default of the key.
func (ca *CABundle) CheckKeyAs(w *sidecar.Workload, at, file string, fs *sidecar.Findings) {
	if ca == nil {
		return
	}
	field, what, name := ".secretName", "Secret", ca.SecretName
	keys, known := w.Secrets[ca.SecretName]
	if ca.SecretName == "" {
		field, what, name = ".configMapName", "ConfigMap", ca.ConfigMapName
		if c := w.ConfigMap(ca.ConfigMapName); c != nil {
			keys, known = c.Keys, true
		}
	}
	if key := cmp.Or(ca.Key, file); known && !slices.Contains(keys, key) {
		fs.Add(sidecar.Error, "tls-invalid", at+field,
			fmt.Sprintf("%s %s has no key %s (it has %s)", what, name, key, JoinSorted(keys)),
			"name one that has the key, or set key")
	}
}

// ValidateAt finds errors in the bundle that the config has at a field.
func (ca *CABundle) ValidateAt(at string, fs *sidecar.Findings) {
	switch {
	case ca == nil:
		return
	case ca.SecretName == "" && ca.ConfigMapName == "":
		fs.Add(sidecar.Error, "missing-field", at, "neither a Secret nor a ConfigMap is named",
			"write secretName or configMapName")
	case ca.SecretName != "" && ca.ConfigMapName != "":
		fs.Add(sidecar.Error, "bad-value", at+".configMapName", "secretName is set too", "remove one of them")
	case ca.SecretName != "":
		ValidateObjectName(at+".secretName", ca.SecretName, fs)
	default:
		ValidateObjectName(at+".configMapName", ca.ConfigMapName, fs)
	}
	ValidateKey(at+".key", ca.Key, fs)
}

// CADir is the folder of ca.crt in containers.
const CADir = "/etc/outrigger/ca"
