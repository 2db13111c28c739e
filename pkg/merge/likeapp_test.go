package merge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

// A container that runs the app's program gets what the app's own will have, whatever
// the order of the sidecars is, and keeps what it says itself.
func TestLikened(t *testing.T) {
	w := sidecartest.Workload()
	w.App.Env, w.App.Image, w.App.WorkingDir = sidecartest.PlainVars("HOST=db URL=$(HOST)/x OWN=theirs"), "web:1", "/srv"
	w.App.VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}
	w.App.SecurityContext = &corev1.SecurityContext{RunAsUser: new(int64(1000))}
	like := sidecartest.Answer(w, "job", &sidecar.Change{LikeApp: []string{"job", "none"},
		InitContainers: []corev1.Container{{
			Name: "job", Command: []string{"migrate"}, Env: sidecartest.PlainVars("OWN=mine FROM=$(HOST)"),
			VolumeMounts: []corev1.VolumeMount{{Name: "mine", MountPath: "/data"}}}}})
	way := sidecartest.Answer(w, "way", &sidecar.Change{App: sidecar.App{
		Env: append(sidecartest.Redirecting("HOST=127.0.0.1").Env,
			sidecar.Vars(corev1.EnvVar{Name: "PORT", Value: "1"})...),
		VolumeMounts: []corev1.VolumeMount{{Name: "ca", MountPath: "/ca"}}}})
	for _, all := range [][]sidecar.Answer{{like, way}, {way, like}} {
		out, fs := merge.ResolveLikeApp(w, all)
		require.Equal(t, "Deployment prod/web: job: likeApp: the sidecar has no container named none; "+
			"use the name of one of its containers",
			fs.Error())
		for _, a := range out {
			if a.Name != "job" {
				continue
			}
			require.Equal(t, corev1.Container{Name: "job", Image: "web:1", Command: []string{"migrate"}, WorkingDir: "/srv",
				Env:             sidecartest.PlainVars("OWN=mine HOST=127.0.0.1 URL=$(HOST)/x PORT=1 FROM=$(HOST)"),
				VolumeMounts:    []corev1.VolumeMount{{Name: "ca", MountPath: "/ca"}, {Name: "mine", MountPath: "/data"}},
				SecurityContext: w.App.SecurityContext}, a.Change.InitContainers[0])
		}
	}
	require.Empty(t, like.Change.InitContainers[0].Image, "what was answers stays")
}
