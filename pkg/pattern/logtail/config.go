package logtail

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A LogConfig is a configuration file of the app, from an existing ConfigMap or from one
// that is emitted. It's mounted alone, so the folder keeps the other files of the image.
// The kubelet never updates a file that is mounted this way, and the app can't write to it.
type LogConfig struct {
	// ConfigMapName names an existing ConfigMap with the file. A change takes effect in
	// pods that start later. Required without data.
	ConfigMapName string `json:"configMapName,omitempty"`
	// Data is the text of the file. It's written into a new ConfigMap, and a change
	// replaces the pods.
	Data string `json:"data,omitempty"`
	// Key of the file in the ConfigMap. Default: the last part of mountPath.
	Key string `json:"key,omitempty"`
	// MountPath is where the app reads the file, as in
	// /usr/share/elasticsearch/config/log4j2.properties.
	MountPath string `json:"mountPath"`
}

func (c *LogConfig) fileKey() string { return cmp.Or(c.Key, path.Base(c.MountPath)) }

// addFile mounts the file into the app. If the file is to be emitted, it's added to files.
func (c *LogConfig) addFile(w *sidecar.Workload, to *sidecar.Change, files map[string]string) {
	if c == nil {
		return
	}
	if c.ConfigMapName == "" {
		files[c.fileKey()] = c.Data
	}
	v := pattern.ConfigMapVolume(pattern.VolumeName(w, "app-config"), cmp.Or(c.ConfigMapName, w.ObjectName()))
	v.ConfigMap.Items = []corev1.KeyToPath{{Key: c.fileKey(), Path: c.fileKey()}}
	to.Volumes = append(to.Volumes, v)
	to.App.VolumeMounts = append(to.App.VolumeMounts,
		corev1.VolumeMount{Name: v.Name, MountPath: c.MountPath, SubPath: c.fileKey(), ReadOnly: true})
}

func (c *LogConfig) validateConfig(fs *sidecar.Findings) {
	if c == nil {
		return
	}
	switch {
	case c.ConfigMapName == "" && c.Data == "":
		fs.Add(sidecar.Error, "missing-field", "appConfig.configMapName", "the file's content is missing",
			"name the ConfigMap that has it, or write its text into data")
	case c.ConfigMapName != "" && c.Data != "":
		fs.Add(sidecar.Error, "bad-value", "appConfig.data", "configMapName is set too", "remove one of them")
	case c.ConfigMapName != "":
		pattern.ValidateObjectName("appConfig.configMapName", c.ConfigMapName, fs)
	}
	switch m := c.MountPath; {
	case m == "":
		fs.Add(sidecar.Error, "missing-field", "appConfig.mountPath", "no path is given",
			"write where the app reads the file, as in /etc/app/logging.conf")
	case !path.IsAbs(m) || path.Clean(m) != m || m == "/" || strings.Contains(m, ":"):
		fs.Add(sidecar.Error, "bad-value", "appConfig.mountPath", fmt.Sprintf("%q isn't a valid file path", m),
			"write one like /etc/app/logging.conf")
	case c.Key == "" && len(validation.IsConfigMapKey(path.Base(m))) > 0:
		fs.Add(sidecar.Error, "missing-field", "appConfig.key", fmt.Sprintf("%q can't be a key of a ConfigMap", path.Base(m)),
			"write key")
	}
	pattern.ValidateKey("appConfig.key", c.Key, fs)
}

// checkConfig finds ConfigMaps of the input that lack the file: the container wouldn't
// start.
func (c *LogConfig) checkConfig(w *sidecar.Workload, fs *sidecar.Findings) {
	if c == nil || c.ConfigMapName == "" {
		return
	}
	m := w.ConfigMap(c.ConfigMapName)
	switch {
	case m == nil:
	case !slices.Contains(m.Keys, c.fileKey()):
		fs.Add(sidecar.Error, "configmap-key", "appConfig.configMapName",
			fmt.Sprintf("ConfigMap %s has no key %s (it has %s)", c.ConfigMapName, c.fileKey(), pattern.JoinSorted(m.Keys)),
			"name one that has the key, or set key")
	case !m.Hashed && !m.Immutable:
		fs.Add(sidecar.Info, "subpath-no-reload", "appConfig.configMapName",
			fmt.Sprintf("a change of ConfigMap %s takes effect only in pods that start later", c.ConfigMapName),
			"generate it with kustomize's configMapGenerator, or write its text into data")
	}
}
