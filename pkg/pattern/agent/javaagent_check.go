package agent

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Check finds errors in the entry for this workload.
func (p *JavaAgent) Check(w *sidecar.Workload) sidecar.Findings {
	var fs sidecar.Findings
	pattern.CheckLinux(w, &fs)
	if p.ImageVolume {
		pattern.CheckImageVolume("imageVolume", w, &fs)
	}
	if m := w.ConfigMap(p.ConfigMapName); p.Preset == AgentJMX && m != nil &&
		!slices.Contains(m.Keys, cmp.Or(p.Key, jmxConfig)) {
		fs.Add(sidecar.Error, "configmap-missing", "key",
			fmt.Sprintf("ConfigMap %s has no key %s (it has %s)", p.ConfigMapName, cmp.Or(p.Key, jmxConfig),
				pattern.JoinSorted(m.Keys)), "name one of those")
	}
	for _, c := range w.Apps {
		if i := slices.IndexFunc(c.Env, func(e corev1.EnvVar) bool {
			return e.Name == "JDK_JAVA_OPTIONS" && strings.Contains(e.Value, "-javaagent:")
		}); i >= 0 {
			fs.Add(sidecar.Info, "java-agents", "", "container "+c.Name+" already has an agent in JDK_JAVA_OPTIONS",
				"make sure that the two work together")
		}
	}
	return fs
}
