package sidecar

import (
	"testing"

	"github.com/stretchr/testify/require"
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
