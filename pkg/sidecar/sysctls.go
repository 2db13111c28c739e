package sidecar

import "strings"

// SysctlName writes the name of a kernel setting with dots. As in sysctl.d(5), it
// may be written with slashes, too; the separator that comes first says which way it
// is, and the other one then stands for a dot within a part, as in
// net/ipv4/conf/eth0.100/rp_filter. Pod Security knows names with dots only.
func SysctlName(name string) string {
	if i := strings.IndexAny(name, "./"); i < 0 || name[i] == '.' {
		return name
	}
	return SysctlPath(name)
}

// SysctlPath turns the name of a kernel setting into its file below /proc/sys.
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

// A Namespace of the kernel is what a setting is for: the network or the shared
// memory and queues of a pod, or, if it's none, the whole node.
type Namespace string

const (
	NetNamespace  Namespace = "network"
	IPCNamespace  Namespace = "IPC"
	NodeNamespace Namespace = ""
)

// SysctlNamespace tells whose a kernel setting is, by the rules by which the API
// server does (k8s.io/component-helpers/node/util/sysctl). kernel.domainname and
// user.* have namespaces of their own, which pods mostly share with the node.
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
