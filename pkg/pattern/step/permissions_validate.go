package step

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *Permissions) Validate() sidecar.Findings {
	var fs sidecar.Findings
	if len(p.Volumes) == 0 {
		fs.Add(sidecar.Error, "missing-field", "volumes", "no volume is named",
			"name the volumes that the app must write to")
	}
	for i, name := range p.Volumes {
		if slices.Contains(p.Volumes[:i], name) {
			fs.Add(sidecar.Error, "bad-value", fmt.Sprintf("volumes[%d]", i), name+" is listed already", "remove one of them")
		}
	}
	pattern.ValidateEnum("mode", p.Mode, &fs, ModeFSGroup, ModeChown)
	pattern.ValidateEnum("fsGroupChangePolicy", p.FSGroupChangePolicy, &fs, corev1.FSGroupChangeOnRootMismatch,
		corev1.FSGroupChangeAlways)
	for _, id := range []struct {
		field string
		value *int64
	}{{"runAsUser", p.RunAsUser}, {"runAsGroup", p.RunAsGroup}} {
		if id.value != nil && (*id.value < 0 || *id.value > 1<<31-1) {
			fs.Add(sidecar.Error, "bad-value", id.field, fmt.Sprintf("%d isn't a valid user or group ID", *id.value),
				"write 0 to 2147483647")
		}
	}
	if p.Mode == ModeChown && p.FSGroupChangePolicy != "" {
		pattern.RefuseField("fsGroupChangePolicy", "it's for fsGroup", &fs)
	}
	if p.Mode == ModeFSGroup && p.RunAsUser != nil {
		pattern.RefuseField("runAsUser", "it's for chown", &fs)
	}
	return fs
}
