package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

// A typed pod gets what the text gets: a second time there is nothing more to lay on,
// and without the sidecars it is what it was, in whatever spelling they want it.
func TestApplyAndWithout(t *testing.T) {
	for name, c := range map[string]*sidecar.Change{
		"volumes":     {Volumes: []corev1.Volume{{Name: "ca"}}},
		"fsGroup":     {Pod: sidecar.Pod{FSGroup: new(int64(7)), FSGroupChangePolicy: corev1.FSGroupChangeOnRootMismatch}},
		"processes":   {Pod: sidecar.Pod{ShareProcessNamespace: new(false)}},
		"annotations": {Pod: sidecar.Pod{Annotations: map[string]string{"a": "b", "c": ""}}},
		"sysctls":     {Pod: sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: "net.core.somaxconn", Value: "1"}}}},
		"in slashes":  {Pod: sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: "net/core/somaxconn", Value: "1"}}}},
		"in both": {Pod: sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: "net/core/somaxconn", Value: "1"},
			{Name: "net.core.somaxconn", Value: "1"}}}},
		"pull secrets": {Pod: sidecar.Pod{ImagePullSecrets: []corev1.LocalObjectReference{{Name: "mirror"}}}},
		"env and mounts": {App: sidecar.App{Env: sidecartest.Vars("B=$(A) A=1 C+=2"),
			VolumeMounts: []corev1.VolumeMount{{Name: "ca", MountPath: "/ca"}}}},
		"args": {App: sidecar.App{Args: []string{"-a", "-b=c"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := sidecartest.Workload()
			all := []sidecar.Answer{sidecartest.Answer(w, "s", c)}
			bare := merge.BareOf(w, all)
			edits, fs := merge.Edits(w, all)
			require.NoError(t, fs.Err())
			laid := sidecartest.Workload()
			merge.ApplyEdits(&laid.Pod, laid.Template, edits)
			require.NotEqual(t, w.Pod, laid.Pod)
			delete(laid.Pod.Annotations, sidecar.PatternsKey)

			require.True(t, merge.HasAll(laid.App, &c.App))
			require.Equal(t, len(c.App.Env)+len(c.App.Args) == 0, merge.HasAll(w.App, &c.App))
			again := []sidecar.Answer{sidecartest.Answer(laid, "s", c)}
			require.Nil(t, merge.WithPodSettings(laid, again))
			off := merge.BareOf(laid, again)
			if len(off.Pod.Annotations) == 0 {
				off.Pod.Annotations = nil
			}
			off.App.Env, off.App.Args, off.App.VolumeMounts = orNil(off.App.Env), orNil(off.App.Args),
				orNil(off.App.VolumeMounts)
			require.Equal(t, bare.Pod.Annotations, off.Pod.Annotations)
			require.Equal(t, bare.App, off.App)
			require.Equal(t, bare.Pod.Spec.SecurityContext, off.Pod.Spec.SecurityContext)
			require.Equal(t, len(bare.Pod.Spec.Volumes), len(off.Pod.Spec.Volumes))
			require.Equal(t, len(bare.Pod.Spec.ImagePullSecrets), len(off.Pod.Spec.ImagePullSecrets))
			require.Equal(t, bare.Pod.Spec.ShareProcessNamespace, off.Pod.Spec.ShareProcessNamespace)
		})
	}
}

func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
