package sidecar

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func TestSysctlName(t *testing.T) {
	for name, want := range map[string]string{
		"":                                 "",
		"vm":                               "vm",
		"vm.max_map_count":                 "vm.max_map_count",
		"vm/max_map_count":                 "vm.max_map_count",
		"net.ipv4.conf.eth0/100.rp_filter": "net.ipv4.conf.eth0/100.rp_filter",
		"net/ipv4/conf/eth0.100/rp_filter": "net.ipv4.conf.eth0/100.rp_filter",
	} {
		require.Equal(t, want, SysctlName(name))
		require.Equal(t, want, SysctlName(SysctlName(name)))
	}
	require.Equal(t, "net/ipv4/conf/eth0.100/rp_filter", SysctlPath("net.ipv4.conf.eth0/100.rp_filter"))
}

func TestSysctlNamespace(t *testing.T) {
	for name, want := range map[string]Namespace{
		"net.core.somaxconn": NetNamespace, "net/core/somaxconn": NetNamespace, "netx.a": NodeNamespace,
		"kernel.sem": IPCNamespace, "kernel/msgmax": IPCNamespace, "kernel.pid_max": NodeNamespace,
		"fs.mqueue.msg_max": IPCNamespace, "fs.file-max": NodeNamespace, "kernel.domainname": NodeNamespace,
	} {
		require.Equal(t, want, SysctlNamespace(name), name)
	}
}

// A setting in two spellings is one: two sidecars agree on it or not, and the
// manifest's spelling stays.
func TestSysctlSpellings(t *testing.T) {
	with := func(name, value string) *Change {
		return &Change{Pod: Pod{Sysctls: []corev1.Sysctl{{Name: name, Value: value}}}}
	}
	w := &Workload{Ref: Ref{Kind: "Pod", Name: "web"}, Pod: corev1.PodTemplateSpec{}}
	nothing := func(Ref, Path, any) (bool, bool) { return false, false }
	settings := func(edits []Edit) (out []corev1.Sysctl) {
		for _, e := range edits {
			if s, ok := e.Value.(corev1.Sysctl); ok {
				require.Equal(t, s.Name, e.Path[len(e.Path)-1].Value)
				out = append(out, s)
			}
		}
		return out
	}
	edits, fs := Edits(w, []Asked{{Name: "a", Change: with("net/core/somaxconn", "1024")}, {Name: "b", Change: with("net.core.somaxconn", "1024")}})
	require.Empty(t, fs)
	edits, fs = Merge(edits, nothing)
	require.Empty(t, fs)
	require.Equal(t, []corev1.Sysctl{{Name: "net.core.somaxconn", Value: "1024"}}, settings(edits))

	edits, _ = Edits(w, []Asked{{Name: "a", Change: with("net/core/somaxconn", "1024")}, {Name: "b", Change: with("net.core.somaxconn", "4096")}})
	_, fs = Merge(edits, nothing)
	require.True(t, fs.Failed())

	w.Pod.Spec.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net/core/somaxconn", Value: "1024"}}}
	edits, _ = Edits(w, []Asked{{Name: "a", Change: with("net.core.somaxconn", "1024")}})
	require.Equal(t, []corev1.Sysctl{{Name: "net/core/somaxconn", Value: "1024"}}, settings(edits))
}

// What a pod shares with the node isn't its own to set.
func TestSysctlsOfTheNode(t *testing.T) {
	asked := []Asked{{Name: "a", Change: &Change{Pod: Pod{Sysctls: []corev1.Sysctl{{Name: "net/core/somaxconn"}, {Name: "kernel.sem"}}}}}}
	w := &Workload{}
	require.Empty(t, sysctls(w, asked))
	w.Pod.Spec.HostNetwork = true
	require.ErrorContains(t, sysctls(w, asked), "net/core/somaxconn is the node's here, as the pod has hostNetwork")
	require.Len(t, sysctls(w, asked), 1)
	w.Pod.Spec.HostIPC = true
	require.Len(t, sysctls(w, asked), 2)
}
