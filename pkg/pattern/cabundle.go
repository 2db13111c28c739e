package pattern

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A CABundle names where the certificates of authorities are. One of the names is
// required.
type CABundle struct {
	// SecretName is a Secret that has them.
	SecretName string `json:"secretName,omitempty"`
	// ConfigMapName is a ConfigMap that has them.
	ConfigMapName string `json:"configMapName,omitempty"`
	// Key in there. Default: ca.crt.
	Key string `json:"key,omitempty"`
}

const caKey = "ca.crt"

// volume shows the certificates, and nothing else of where they are, as ca.crt.
func (ca *CABundle) volume(name string) corev1.Volume { return ca.volumeAs(name, caKey) }

// volumeAs shows them under another name, which is the default of the key too.
func (ca *CABundle) volumeAs(name, file string) corev1.Volume {
	items := ca.items(file)
	if ca.SecretName != "" {
		v := secretVolume(name, ca.SecretName)
		v.Secret.Items = items
		return v
	}
	v := configVolume(name, ca.ConfigMapName)
	v.ConfigMap.Items = items
	return v
}

func (ca *CABundle) items(file string) []corev1.KeyToPath {
	return []corev1.KeyToPath{{Key: or(ca.Key, file), Path: file}}
}

func (ca *CABundle) validate(at string, fs *sidecar.Findings) {
	switch {
	case ca == nil:
		return
	case ca.SecretName == "" && ca.ConfigMapName == "":
		fs.Add(sidecar.Error, "missing-field", at, "neither a Secret nor a ConfigMap is named", "write secretName or configMapName")
	case ca.SecretName != "" && ca.ConfigMapName != "":
		fs.Add(sidecar.Error, "bad-value", at+".configMapName", "there is secretName already", "leave one of them out")
	case ca.SecretName != "":
		checkName(at+".secretName", ca.SecretName, fs)
	default:
		checkName(at+".configMapName", ca.ConfigMapName, fs)
	}
	checkKey(at+".key", ca.Key, fs)
}

// check finds a Secret or ConfigMap of the input that hasn't the certificates.
func (ca *CABundle) check(at string, w *sidecar.Workload, fs *sidecar.Findings) {
	if ca == nil {
		return
	}
	kind, name, field := "Secret", ca.SecretName, at+".secretName"
	keys, known := w.Secrets[name]
	if name == "" {
		kind, name, field = "ConfigMap", ca.ConfigMapName, at+".configMapName"
		if m := w.ConfigMap(name); m != nil {
			keys, known = m.Keys, true
		}
	}
	if key := or(ca.Key, caKey); known && !slices.Contains(keys, key) {
		fs.Add(sidecar.Error, "tls-invalid", field, fmt.Sprintf("%s %s has no %s; its keys: %s", kind, name, key, list(keys)), "name one that has, or the key")
	}
}
