package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
	"github.com/outrigger-dev/outrigger/pkg/verify"
)

func TestCheck(t *testing.T) {
	w := sidecartest.Workload()
	change := &sidecar.Change{Containers: []corev1.Container{{Name: "x"}}}
	require.Empty(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "x", change)}))
	w.Kubernetes = sidecar.Version{Major: 1, Minor: 28}
	require.Contains(t, verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "x", change)}).Error(),
		"native sidecars need Kubernetes 1.29")
	beside := sidecartest.Answer(w, "x", change)
	beside.Placement = sidecar.Beside
	require.Empty(t, verify.Check(w, []sidecar.Answer{beside}))
	w.Ref = sidecar.Ref{Group: "batch", Kind: "CronJob", Name: "nightly"}
	require.Contains(t, verify.Check(w, []sidecar.Answer{beside}).Error(),
		"the Job would never complete; ")
	native := sidecartest.Answer(w, "x", change)
	for _, a := range []sidecar.Answer{beside, native} { // neither hint leads to the other's error
		change.AsInit = ""
		require.Contains(t, verify.Check(w, []sidecar.Answer{a}).Error(), "; leave the workload out with exclude")
		change.AsInit = "mode: init"
		require.Contains(t, verify.Check(w, []sidecar.Answer{a}).Error(), "; write mode: init")
	}
	w.Kubernetes = sidecar.Version{Major: 1, Minor: 29}
	require.Contains(t, verify.Check(w, []sidecar.Answer{beside}).Error(), "; use placement native")
	require.Empty(t, verify.Check(w, []sidecar.Answer{{Name: "x", Placement: sidecar.Beside, App: w.App,
		Change: &sidecar.Change{}}}))
}

func TestCheckSleeps(t *testing.T) {
	sleep := func(n int64) *corev1.Lifecycle {
		return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: n}}}
	}
	w := sidecartest.Workload()
	check := func(drain, sidecars int64) sidecar.Findings {
		return verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "x", &sidecar.Change{
			App: sidecar.App{DrainSeconds: drain}, Containers: []corev1.Container{{Name: "x", Lifecycle: sleep(sidecars)},
				{Name: "y"}}})})
	}
	require.Empty(t, check(29, 29))
	require.Equal(t, "Deployment prod/web: x: container app would sleep for 30 seconds before it stops, but the pod's "+
		"grace period is 30; raise terminationGracePeriodSeconds to at least 40, or shorten the sleep",
		check(30, 0).Error())
	require.Len(t, check(30, 31), 2)
	w.Pod.Spec.TerminationGracePeriodSeconds = new(int64(60))
	require.Empty(t, check(30, 31))
	require.Len(t, check(60, 61), 2)
	w.App.Lifecycle = sleep(1)
	require.Empty(t, check(60, 0), "its own hook stays")
	w.App.Lifecycle, w.Kubernetes = nil, sidecar.Version{Major: 1, Minor: 29}
	require.Empty(t, check(60, 0), "no sleep there")
}

func TestCheckSysctls(t *testing.T) {
	w := sidecartest.Workload()
	check := func(name string) sidecar.Findings {
		return verify.Check(w, []sidecar.Answer{sidecartest.Answer(w, "x",
			&sidecar.Change{Pod: sidecar.Pod{Sysctls: []corev1.Sysctl{{Name: name, Value: "1"}}}})})
	}
	require.Empty(t, check("net.ipv4.tcp_syncookies"))
	w.Pod.Spec.HostNetwork = true
	require.Empty(t, check("kernel.shm_rmid_forced"))
	require.Equal(t, "Deployment prod/web: x: sysctl net.ipv4.tcp_syncookies would change the node, since the pod "+
		"has hostNetwork; remove hostNetwork, or exclude this workload",
		check("net.ipv4.tcp_syncookies").Error())
	require.Len(t, check("net/core/somaxconn"), 1)
}

// A sidecar may mount what isn't declared if the manifest's own containers do: an admission webhook declares it.
func TestCheckMounts(t *testing.T) {
	w := sidecartest.Workload()
	mounts := []corev1.VolumeMount{{Name: "certs", MountPath: "/certs"}}
	answers := []sidecar.Answer{sidecartest.Answer(w, "x", &sidecar.Change{Containers: []corev1.Container{
		{Name: "x", VolumeMounts: mounts}}})}
	require.Contains(t, verify.Check(w, answers).Error(), "container x mounts volume certs, which isn't declared")
	w.App.VolumeMounts = append(w.App.VolumeMounts, mounts...)
	require.Empty(t, verify.Check(w, answers))
}
