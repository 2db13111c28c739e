package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

// Knative takes few fields of a pod: what it refuses is named, and placement: beside where that helps.
func TestCheckKnative(t *testing.T) {
	w := sidecartest.Workload()
	w.Ref = sidecar.Ref{Group: "serving.knative.dev", Kind: "Service", Name: "web"}
	w.Pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8080}}
	hook := &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}}
	fieldRef := &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}
	volumes := []corev1.Volume{
		{Name: "a", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/a"}}},
		{Name: "b", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}},
		{Name: "c", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	one := func(c corev1.Container) sidecar.Change { return sidecar.Change{Containers: []corev1.Container{c}} }
	for says, change := range map[string]sidecar.Change{
		"":                      {},
		"init containers":       {InitContainers: []corev1.Container{{Name: "x"}}},
		"native sidecars":       one(corev1.Container{Name: "x"}),
		"lifecycle hooks":       {App: sidecar.App{DrainSeconds: 5}},
		"a proxy in front of":   {Takeovers: []sidecar.Takeover{{Port: 1, AppPort: 2}}},
		"the pod's securityC":   {Pod: sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: "x", Value: "1"}}}},
		"shareProcessNamespace": {Pod: sidecar.Pod{ShareProcessNamespace: new(true)}},
		"terminationGrace":      {Pod: sidecar.Pod{MinGracePeriodSeconds: 31}},
		"variables with fields": {App: sidecar.App{Env: sidecar.Vars(corev1.EnvVar{Name: "X", ValueFrom: fieldRef})}},
		"volumes of other":      {Volumes: volumes[:1]},
		"mounts of ConfigMaps": {Volumes: volumes[1:],
			App: sidecar.App{VolumeMounts: []corev1.VolumeMount{{Name: "b", MountPath: "/b"}, {Name: "c", MountPath: "/c"}}}},
	} {
		why := verify.CheckKnative(w, &change)
		if says == "" {
			require.Nil(t, why)
			continue
		}
		require.NotNil(t, why, says)
		require.True(t, why.Unfit)
		require.Contains(t, why.Message, "Knative refuses "+says)
		want := "exclude this workload"
		if says == "native sidecars" {
			want = "write placement: beside"
		}
		require.Equal(t, want, why.Hint, says)
	}
	w.Placement = sidecar.Beside
	for says, c := range map[string]corev1.Container{
		"ports":      {Ports: []corev1.ContainerPort{{ContainerPort: 1}}},
		"probes":     {StartupProbe: &corev1.Probe{}},
		"lifecycle":  {Lifecycle: hook},
		"variables":  {Env: []corev1.EnvVar{{Name: "X", ValueFrom: fieldRef}}},
		"privileged": {SecurityContext: &corev1.SecurityContext{Privileged: new(true)}},
		"added capab": {SecurityContext: &corev1.SecurityContext{
			Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"X"}}}},
	} {
		change := one(c)
		require.Contains(t, verify.CheckKnative(w, &change).Message, "Knative refuses "+says)
	}
	change := one(corev1.Container{Name: "x"})
	require.Nil(t, verify.CheckKnative(w, &change))
	for i := range w.Pod.Spec.Containers {
		w.Pod.Spec.Containers[i].Ports = nil
	}
	require.Equal(t, "declare the port of the app in its container", verify.CheckKnative(w, &change).Hint)
}

// What a sidecar can do without is left out for Knative.
func TestFitKnative(t *testing.T) {
	w := sidecartest.Workload()
	w.Ref = sidecar.Ref{Group: "serving.knative.dev", Kind: "Service", Name: "web"}
	make := func() *sidecar.Change {
		return &sidecar.Change{Containers: []corev1.Container{{Name: "x", LivenessProbe: &corev1.Probe{},
			Ports: []corev1.ContainerPort{{ContainerPort: 6379}}}}}
	}
	c := make()
	verify.FitKnative(w, c)
	require.Equal(t, []corev1.Container{{Name: "x"}}, c.Containers)
	require.Equal(t, []sidecar.Claim{{Port: 6379, For: "container x"}}, c.Claims)
	require.Equal(t, "Knative takes probes of the app's container only, so container x has none", c.Notes[0].Message)
	scraped := make()
	scraped.Scraped = []int32{6379}
	verify.FitKnative(w, scraped)
	require.NotEmpty(t, scraped.Containers[0].Ports)
	w.Ref = sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "web"}
	other := make()
	verify.FitKnative(w, other)
	require.Equal(t, make(), other)
}
