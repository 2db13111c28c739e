package step

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// stores is an app with volumes of all kinds, which runs as somebody.
func stores(edits ...func(*sidecar.Workload)) *sidecar.Workload {
	return patterntest.NewShop(append([]func(*sidecar.Workload){func(w *sidecar.Workload) {
		w.Name = "permissions"
		w.Claims = []string{"claimed"}
		for name, source := range map[string]corev1.VolumeSource{
			"empty":  {EmptyDir: &corev1.EmptyDirVolumeSource{}},
			"claim":  {PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}},
			"csi":    {CSI: &corev1.CSIVolumeSource{Driver: "d"}},
			"node":   {HostPath: &corev1.HostPathVolumeSource{Path: "/srv/app"}},
			"nfs":    {NFS: &corev1.NFSVolumeSource{Server: "s", Path: "/"}},
			"config": {ConfigMap: &corev1.ConfigMapVolumeSource{}},
		} {
			w.Pod.Spec.Volumes = append(w.Pod.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: source})
		}
		app := &w.Pod.Spec.Containers[0]
		for _, name := range pattern.VolumeNames(w) {
			app.VolumeMounts = append(app.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/" + name})
		}
		app.SecurityContext = &corev1.SecurityContext{RunAsUser: new(int64(1000))}
	}}, edits...)...)
}

// fsGroup comes first; chown is for what no fsGroup changes, or where it's written.
func TestPermissionsModes(t *testing.T) {
	for _, c := range []struct {
		volume, mode string
		chown        bool
		policy       corev1.PodFSGroupChangePolicy
	}{
		{"empty", "", false, ""},
		{"claim", "", false, corev1.FSGroupChangeOnRootMismatch},
		{"claimed", "", false, corev1.FSGroupChangeOnRootMismatch},
		{"csi", "", false, corev1.FSGroupChangeOnRootMismatch},
		{"csi", "chown", true, ""},
		{"claimed", "chown", true, ""},
		{"node", "", true, ""},
		{"nfs", "", true, ""},
	} {
		got := patterntest.BuildChange(t, &Permissions{Volumes: []string{c.volume}, Mode: PermissionMode(c.mode)}, stores())
		require.Equal(t, sidecar.PhaseKernel, got.Phase)
		require.Equal(t, c.policy, got.Pod.FSGroupChangePolicy, c.volume)
		if c.chown {
			require.Nil(t, got.Pod.FSGroup)
			require.Equal(t, []string{"%u", "1000", "/volumes/" + c.volume}, got.InitContainers[0].Args)
			require.Equal(t, []corev1.Capability{"CHOWN", "DAC_OVERRIDE"},
				got.InitContainers[0].SecurityContext.Capabilities.Add)
			require.Equal(t, []corev1.Capability{"ALL"}, got.InitContainers[0].SecurityContext.Capabilities.Drop)
		} else {
			require.Empty(t, got.InitContainers)
			require.EqualValues(t, 1000, *got.Pod.FSGroup)
		}
	}
}

// Whose the volumes are is what is written, or what the manifest says.
func TestPermissionsOwner(t *testing.T) {
	pod := func(user, group, fsGroup *int64) func(*sidecar.Workload) {
		return func(w *sidecar.Workload) {
			w.Pod.Spec.Containers[0].SecurityContext = nil
			w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: user, RunAsGroup: group, FSGroup: fsGroup}
		}
	}
	id := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		p       Permissions
		edit    func(*sidecar.Workload)
		owner   string
		fsGroup int64
	}{
		"the app's user":          {Permissions{}, func(*sidecar.Workload) {}, "1000", 1000},
		"the pod's":               {Permissions{}, pod(id(5), id(6), nil), "5:6", 6},
		"the pod's fsGroup stays": {Permissions{}, pod(id(5), id(6), id(7)), "5:6", 7},
		"written":                 {Permissions{RunAsUser: id(8), RunAsGroup: id(9)}, pod(id(5), id(6), id(7)), "8:9", 9},
		"root":                    {Permissions{}, pod(id(0), id(0), nil), "0:0", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.p
			p.Volumes = []string{"nfs", "claim"}
			got := patterntest.BuildChange(t, &p, stores(c.edit))
			require.Equal(t, c.owner, got.InitContainers[0].Args[1])
			require.Equal(t, c.fsGroup, *got.Pod.FSGroup)
			again := stores(c.edit)
			if again.Pod.Spec.SecurityContext == nil {
				again.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{}
			}
			again.Pod.Spec.SecurityContext.FSGroup = got.Pod.FSGroup
			again.Pod.Spec.SecurityContext.FSGroupChangePolicy = &got.Pod.FSGroupChangePolicy
			require.Equal(t, got.Pod, patterntest.BuildChange(t, &p, again).Pod, "a run over it wants the same")
		})
	}
	for _, volume := range []string{"nfs", "claim"} {
		_, err := sidecar.Build(&Permissions{Volumes: []string{volume}}, stores(pod(nil, nil, nil)))
		require.ErrorContains(t, err, "isn't known: neither")
	}
	two := stores(func(w *sidecar.Workload) {
		w.Pod.Spec.Containers = append(w.Pod.Spec.Containers, corev1.Container{Name: "other"})
		w.Apps = []*corev1.Container{&w.Pod.Spec.Containers[0], &w.Pod.Spec.Containers[1]}
		w.App = w.Apps[0]
	})
	_, err := sidecar.Build(&Permissions{Volumes: []string{"nfs"}}, two)
	require.ErrorContains(t, err, "containers shop and other don't run as the same user")
	patterntest.BuildChange(t, &Permissions{Volumes: []string{"nfs"}, RunAsUser: id(1)}, two)
}

// The folders are those that the app sees, each part of a volume once.
func TestPermissionsMounts(t *testing.T) {
	w := stores(func(w *sidecar.Workload) {
		w.Pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{
			{Name: "nfs", MountPath: "/a", SubPath: "a"}, {Name: "nfs", MountPath: "/again", SubPath: "a"},
			{Name: "nfs", MountPath: "/b", ReadOnly: true}, {Name: "nfs", MountPath: "/$(C)"},
		}
	})
	c := patterntest.BuildChange(t, &Permissions{Volumes: []string{"nfs"}}, w).InitContainers[0]
	require.Equal(t, []corev1.VolumeMount{{Name: "nfs", MountPath: "/volumes/a", SubPath: "a"},
		{Name: "nfs", MountPath: "/volumes/$(C)"}}, c.VolumeMounts)
	require.Equal(t, []string{"%u", "1000", "/volumes/a", "/volumes/$$(C)"}, c.Args)
}

// The node's own folders stay the node's.
func TestPermissionsHostPaths(t *testing.T) {
	for dir, fine := range map[string]bool{
		"/": false, "/etc": false, "/etc/cron.d": false, "/usr/local/app": false, "/var/lib": false,
		"/var/lib/kubelet/pods": false, "/srv/../etc": false, "/home": false,
		"/data": true, "/srv/app": true, "/var/lib/app": true, "/etcetera": true, "/mnt/disk1": true,
	} {
		_, err := sidecar.Build(&Permissions{Volumes: []string{"node"}}, stores(func(w *sidecar.Workload) {
			for _, v := range w.Pod.Spec.Volumes {
				if v.HostPath != nil {
					v.HostPath.Path = dir
				}
			}
		}))
		require.Equal(t, fine, err == nil, dir)
	}
}

// Root isn't admitted everywhere; a group is.
func TestPermissionsAdmitted(t *testing.T) {
	for level, fine := range map[string]bool{"": true, "privileged": true, "baseline": true, "restricted": false} {
		_, err := sidecar.Build(&Permissions{Volumes: []string{"nfs"}},
			stores(func(w *sidecar.Workload) { w.PodSecurity = level }))
		require.Equal(t, fine, err == nil, level)
		patterntest.BuildChange(t, &Permissions{Volumes: []string{"claim"}},
			stores(func(w *sidecar.Workload) { w.PodSecurity = level }))
	}
}
