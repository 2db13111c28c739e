package sidecar

import "strings"

// SysctlName returns the name of a sysctl with dots. As in sysctl.d(5), a name may have
// slashes instead. The first separator decides which form it is. In a name with slashes, a
// dot is part of a word, as in net/ipv4/conf/eth0.100/rp_filter. Pod Security accepts
// names with dots only.
func SysctlName(name string) string {
	if i := strings.IndexAny(name, "./"); i < 0 || name[i] == '.' {
		return name
	}
	return SysctlPath(name)
}

// SysctlPath returns the file of a sysctl below /proc/sys.
func SysctlPath(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, name)
}

// A Namespace of the kernel is the scope of a sysctl: the network of a pod, its shared
// memory and queues, or the whole node.
type Namespace string

const (
	NetNamespace  Namespace = "network"
	IPCNamespace  Namespace = "IPC"
	NodeNamespace Namespace = ""
)

// SysctlNamespace returns the namespace of a sysctl, with the rules of the API server
// (k8s.io/component-helpers/node/util/sysctl). kernel.domainname and user.* have other
// namespaces, which pods usually share with the node.
func SysctlNamespace(name string) Namespace {
	name = SysctlName(name)
	switch name {
	case "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.msgmax",
		"kernel.msgmnb", "kernel.msgmni":
		return IPCNamespace
	}
	switch {
	case strings.HasPrefix(name, "net."):
		return NetNamespace
	case strings.HasPrefix(name, "fs.mqueue."):
		return IPCNamespace
	}
	return NodeNamespace
}
