package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

// What sidecars set isn't in the pod without them, be it laid on already or not.
func TestWithout(t *testing.T) {
	wants := &sidecar.Change{
		Volumes: []corev1.Volume{{Name: "ca"}},
		App: sidecar.App{
			Env: append(sidecartest.Redirecting("HOST=127.0.0.1").Env,
				sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: "OPTS", Value: "-b c"}, AppendWith: " "},
				sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: "NEW", Value: "-n"}, AppendWith: " "},
				sidecar.EnvVar{EnvVar: corev1.EnvVar{Name: "PORT", Value: "1"}}),
			VolumeMounts: []corev1.VolumeMount{{Name: "ca", MountPath: "/ca"}}},
		Pod: sidecar.Pod{FSGroup: new(int64(7)), FSGroupChangePolicy: corev1.FSGroupChangeOnRootMismatch,
			Annotations:      map[string]string{"a": "b"},
			Sysctls:          []corev1.Sysctl{{Name: "x", Value: "1"}},
			ImagePullSecrets: []corev1.LocalObjectReference{{Name: "mirror"}}},
	}
	bare := sidecartest.Workload()
	bare.App.Env = sidecartest.PlainVars("HOST=db URL=$(HOST)/x OPTS=-a")
	bare.Pod.Spec.Volumes = []corev1.Volume{{Name: "data"}}
	laid := sidecartest.Workload()
	laid.App.Env = sidecartest.PlainVars("HOST=127.0.0.1 PORT=1 URL=$(HOST)/x OPTS=-a NEW=-n")
	laid.App.Env[3].Value = "-a -b c"
	laid.App.VolumeMounts = []corev1.VolumeMount{{Name: "ca", MountPath: "/ca"}}
	laid.Pod.Annotations = map[string]string{"a": "b"}
	laid.Pod.Spec.Volumes = []corev1.Volume{{Name: "data"}, {Name: "ca"}}
	laid.Pod.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "mirror"}}
	laid.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(7)),
		FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
		Sysctls:             []corev1.Sysctl{{Name: "x", Value: "1"}}}

	for _, w := range []*sidecar.Workload{bare, laid} {
		before := w.Pod.DeepCopy()
		a := merge.BareOf(w, []sidecar.Answer{sidecartest.Answer(w, "way", wants)})
		require.Equal(t, sidecartest.PlainVars("URL=$(HOST)/x OPTS=-a"), a.App.Env)
		require.Empty(t, a.App.VolumeMounts)
		require.Equal(t, []string{"HOST"}, a.Redirected)
		require.Equal(t, []corev1.Volume{{Name: "data"}}, a.Pod.Spec.Volumes)
		require.Empty(t, a.Pod.Spec.ImagePullSecrets)
		require.Empty(t, a.Pod.Annotations)
		require.Nil(t, a.Pod.Spec.SecurityContext)
		require.Equal(t, before, &w.Pod, "a view is a view")
	}

	other := sidecartest.Answer(bare, "way", wants)
	other.App, other.Apps = nil, nil // serves another container, but has a variable to be led everywhere
	for i := range wants.App.Env {
		wants.App.Env[i].Everywhere = wants.App.Env[i].Replace
	}
	a := merge.BareOf(bare, []sidecar.Answer{other})
	require.Equal(t, sidecartest.PlainVars("URL=$(HOST)/x OPTS=-a"), a.App.Env)
	require.Equal(t, []string{"HOST"}, a.Redirected)
}
