package step

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Each setting goes where it's least: to the pod, to the node, or nowhere.
func TestSysctlPlaces(t *testing.T) {
	hostNetwork := func(w *sidecar.Workload) { w.Pod.Spec.HostNetwork = true }
	hostIPC := func(w *sidecar.Workload) { w.Pod.Spec.HostIPC = true }
	for _, c := range []struct {
		name string
		edit func(*sidecar.Workload)
		is   sysctlPlace
	}{
		{"net.ipv4.tcp_syncookies", nil, podSetting},
		{"net.core.somaxconn", nil, podSetting},
		{"net.core.somaxconn", hostNetwork, nodeLimit},
		{"net.core.somaxconn", hostIPC, podSetting},
		{"net.ipv4.tcp_syncookies", hostNetwork, notALimit},
		{"net.core.rmem_max", nil, nodeSetting},
		{"net.core.rmem_max", hostNetwork, nodeLimit},
		{"net.ipv4.tcp_mem", hostNetwork, notALimit}, // three numbers
		{"kernel.shm_rmid_forced", nil, podSetting},
		{"kernel.shmmax", nil, podSetting},
		{"kernel.shmmax", hostIPC, nodeLimit},
		{"fs.mqueue.msg_max", nil, podSetting},
		{"fs.mqueue.msg_max", hostIPC, nodeLimit},
		{"vm.max_map_count", nil, nodeLimit},
		{"vm.max_map_count", hostNetwork, nodeLimit},
		{"vm.swappiness", nil, notALimit},
		{"vm.overcommit_memory", nil, notALimit},
		{"kernel.pid_max", nil, notALimit},
		{"kernel.core_pattern", nil, notALimit},
		{"fs.file-max", nil, nodeLimit},
	} {
		w := patterntest.NewShop()
		if c.edit != nil {
			c.edit(w)
		}
		require.Equal(t, c.is, placeOfSysctl(w, c.name), "%s %v", c.name, w.Pod.Spec)
	}
}

// The tables don't contradict each other.
func TestSysctlTables(t *testing.T) {
	for name := range safeSince {
		require.NotEqual(t, sidecar.NodeNamespace, sidecar.SysctlNamespace(name), name)
		require.NotContains(t, nodeNetwork, name)
		require.Equal(t, podSetting, placeOfSysctl(patterntest.NewShop(), name))
	}
	for _, name := range nodeNetwork {
		require.Equal(t, sidecar.NetNamespace, sidecar.SysctlNamespace(name), name)
	}
	for i, name := range limits {
		require.Regexp(t, sysctlForm(), name)
		require.NotContains(t, limits[:i], name)
		require.NotContains(t, safeSince, name)
	}
	require.Equal(t, 0, safeSince["kernel.shm_rmid_forced"])
}

// What is safe depends on the cluster; what isn't needs a word, and a namespace that
// admits it.
func TestSysctlUnsafe(t *testing.T) {
	p := &Sysctl{Sysctls: []corev1.Sysctl{{Name: "net.ipv4.tcp_rmem", Value: "4096 131072 6291456"}}}
	at := func(minor int, level string) *sidecar.Workload {
		return patterntest.NewShop(func(w *sidecar.Workload) { w.Kubernetes.Minor, w.PodSecurity = minor, level })
	}
	require.Empty(t, patterntest.FindingLines(t, p, at(32, "restricted")))
	require.Equal(t, []string{"warning sysctl-unsafe: sysctls[0]: net.ipv4.tcp_rmem is safe only since Kubernetes " +
		"1.32, and spec.kubernetesVersion is 1.31: a kubelet that doesn't allow it rejects the pod as " +
		"SysctlForbidden; make sure that the " +
		"nodes' kubelets have it in allowedUnsafeSysctls"}, patterntest.FindingLines(t, p, at(31, "")))
	require.Len(t, patterntest.FindingLines(t, p, at(31, "privileged")), 1)
	for _, level := range []string{"baseline", "restricted"} {
		_, err := sidecar.Build(p, at(31, level))
		require.ErrorContains(t, err, "pod-security.kubernetes.io/enforce: "+level)
	}
}

// There is a privileged container where nothing else can do it, and only there.
func TestSysctlContainer(t *testing.T) {
	c := patterntest.BuildChange(t, &Sysctl{Sysctls: []corev1.Sysctl{{Name: "net.ipv4.tcp_syncookies", Value: "1"}}},
		patterntest.NewShop())
	require.Empty(t, c.InitContainers)
	require.Equal(t, sidecar.PhaseKernel, c.Phase)
	c = patterntest.BuildChange(t, &Sysctl{Sysctls: []corev1.Sysctl{{Name: "vm/max_map_count", Value: "262144"}}},
		patterntest.NewShop())
	require.Empty(t, c.Pod.Sysctls)
	require.Equal(t, []string{"vm/max_map_count", "262144"}, c.InitContainers[0].Args)
	require.True(t, *c.InitContainers[0].SecurityContext.Privileged)
	require.Len(t, c.Notes, 1)
	w := patterntest.NewShop(func(w *sidecar.Workload) { w.PodSecurity = "privileged" })
	require.Empty(t, patterntest.FindingLines(t,
		&Sysctl{Sysctls: []corev1.Sysctl{{Name: "vm.max_map_count", Value: "262144"}}}, w))
	for _, value := range []string{"0", "-1", "+1", "01", "1.5", "1 2", "9223372036854775808"} {
		_, err := sidecar.Build(&Sysctl{Sysctls: []corev1.Sysctl{{Name: "vm.max_map_count", Value: value}}},
			patterntest.NewShop())
		if value == "+1" { // no value of any setting
			require.ErrorContains(t, err, "write numbers or words")
			continue
		}
		require.ErrorContains(t, err, "write a whole number", value)
	}
}

// A setting of the network is the node's own where the pod has the node's network: such a pod is skipped.
func TestSysctlOnHostNetwork(t *testing.T) {
	p := &Sysctl{Sysctls: []corev1.Sysctl{{Name: "net.ipv4.tcp_keepalive_time", Value: "300"}}}
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) { w.Pod.Spec.HostNetwork = true })
	unfit := p.Check(w).Unfit()
	require.NotNil(t, unfit)
	require.Contains(t, unfit.Message, "the pod uses the host network")
	require.Nil(t, p.Check(patterntest.NewElasticsearch()).Unfit())
}
