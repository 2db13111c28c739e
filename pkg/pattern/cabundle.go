package pattern

import (
	"cmp"
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
	return []corev1.KeyToPath{{Key: cmp.Or(ca.Key, file), Path: file}}
}

// check finds a Secret or ConfigMap of the input that lacks the key.
func (ca *CABundle) check(w *sidecar.Workload, at string, fs *sidecar.Findings) {
	ca.checkAs(w, at, caKey, fs)
}

// checkAs is check for another default of the key.
func (ca *CABundle) checkAs(w *sidecar.Workload, at, file string, fs *sidecar.Findings) {
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
		fs.Add(sidecar.Error, "tls-invalid", at+field, fmt.Sprintf("%s %s has no %s; its keys: %s", what, name, key, list(keys)), "name one that has, or the key")
	}
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

// caDir is where containers have ca.crt.
const caDir = "/etc/outrigger/ca"
