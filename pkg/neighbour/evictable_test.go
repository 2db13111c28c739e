package neighbour

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestEvictable(t *testing.T) {
	disk := corev1.VolumeSource{EmptyDir: new(corev1.EmptyDirVolumeSource)}
	memory := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}
	node := corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log"}}
	secret := corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "x"}}
	type volumes []corev1.Volume
	v := func(name string, s corev1.VolumeSource) corev1.Volume {
		return corev1.Volume{Name: name, VolumeSource: s}
	}
	for name, c := range map[string]struct {
		have        map[string]string
		pod         volumes
		one, other  volumes
		list, owner string // what is written, by whom
	}{
		"nothing":        {one: volumes{v("a", memory), v("b", secret)}},
		"disk":           {one: volumes{v("a", disk)}},
		"node":           {one: volumes{v("a", node)}, other: volumes{v("b", disk), v("a", node)}},
		"blocked before": {pod: volumes{v("data", disk)}, one: volumes{v("a", disk)}},
		"listed": {have: map[string]string{evictVolumesKey: "data"}, pod: volumes{v("data", disk)},
			one: volumes{v("a", disk)}, list: "data,a", owner: "one"},
		"empty list": {have: map[string]string{evictVolumesKey: ""}, one: volumes{v("m", memory)},
			other: volumes{v("a", disk)}, list: "a", owner: "other"},
		"comma": {have: map[string]string{evictVolumesKey: "data, "}, one: volumes{v("a", disk)}, list: "data,a",
			owner: "one"},
		"listed already": {have: map[string]string{evictVolumesKey: "b , a"}, one: volumes{v("a", disk)}},
		"the pod's own": {have: map[string]string{evictVolumesKey: "tmp"}, pod: volumes{v("data", disk)},
			one: volumes{v("data", disk)}},
		"all":              {have: map[string]string{evictKey: "true"}, one: volumes{v("a", disk)}},
		"all, with a list": {have: map[string]string{evictKey: "true", evictVolumesKey: "b"}, one: volumes{v("a", disk)}},
		"none":             {have: map[string]string{evictKey: "false"}, one: volumes{v("a", disk)}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &sidecar.Workload{Template: sidecar.Fields("spec", "template")}
			w.Pod.Annotations, w.Pod.Spec.Volumes = c.have, c.pod
			var r Result
			keepEvictable(&scene{workload: w, answers: []sidecar.Answer{
				{Name: "one", Change: &sidecar.Change{Volumes: c.one}},
				{Name: "other", Change: &sidecar.Change{Volumes: c.other}}}}, &r)
			edits, fs := r.Edits, r.Findings
			if c.list == "" {
				require.Empty(t, edits)
			} else {
				require.Equal(t, []sidecar.Edit{{Owner: c.owner, Path: sidecar.Fields("spec", "template", "metadata",
					"annotations", evictVolumesKey), Value: c.list, Was: c.have[evictVolumesKey]}}, edits)
			}
			require.Empty(t, fs)
		})
	}
}
