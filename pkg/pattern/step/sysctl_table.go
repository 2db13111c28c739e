package step

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// safeSince maps settings that every kubelet allows in a pod to the minor version of
// Kubernetes since which it and Pod Security do
// (k8s.io/pod-security-admission/policy/check_sysctls.go,
// k8s.io/kubernetes/pkg/kubelet/sysctl/safe_sysctls.go, both 1.37).
var safeSince = map[string]int{
	"kernel.shm_rmid_forced":              0,
	"net.ipv4.ip_local_port_range":        0,
	"net.ipv4.tcp_syncookies":             0,
	"net.ipv4.ping_group_range":           0,
	"net.ipv4.ip_unprivileged_port_start": 22,
	"net.ipv4.ip_local_reserved_ports":    27,
	"net.ipv4.tcp_keepalive_time":         29,
	"net.ipv4.tcp_fin_timeout":            29,
	"net.ipv4.tcp_keepalive_intvl":        29,
	"net.ipv4.tcp_keepalive_probes":       29,
	"net.ipv4.tcp_rmem":                   32,
	"net.ipv4.tcp_wmem":                   32,
	"net.ipv4.tcp_slow_start_after_idle":  37,
	"net.ipv4.tcp_notsent_lowat":          37,
}

// nodeNetwork are settings with network names that belong to the node: in a network
// namespace of its own, Linux (6.18, net/core/sysctl_net_core.c and others) hides them or
// makes them read-only.
var nodeNetwork = []string{
	"net.core.bpf_jit_enable", "net.core.bpf_jit_harden", "net.core.bpf_jit_limit",
	"net.core.busy_poll", "net.core.busy_read", "net.core.default_qdisc", "net.core.dev_weight",
	"net.core.netdev_budget", "net.core.netdev_budget_usecs", "net.core.netdev_max_backlog",
	"net.core.rmem_default", "net.core.rmem_max", "net.core.wmem_default", "net.core.wmem_max",
	"net.core.rps_sock_flow_entries", "net.core.max_skb_frags", "net.core.message_burst", "net.core.message_cost",
	"net.ipv4.inet_peer_maxttl", "net.ipv4.inet_peer_minttl", "net.ipv4.inet_peer_threshold",
	"net.ipv4.route.gc_thresh", "net.ipv4.route.max_size",
	"net.ipv4.tcp_allowed_congestion_control", "net.ipv4.tcp_max_orphans", "net.ipv4.tcp_mem", "net.ipv4.udp_mem",
	"net.netfilter.nf_conntrack_buckets", "net.netfilter.nf_conntrack_expect_max", "net.netfilter.nf_conntrack_max",
	"net.nf_conntrack_max",
}

// limits are settings with one number that is safe to raise for all pods: a higher one only
// allows more memory that others don't use. vm.swappiness, vm.overcommit_memory and the
// like aren't limits: they change how the node behaves, and a higher number isn't better
// for everybody. Nor is kernel.pid_max: since Linux 6.14, each PID namespace has its own.
var limits = []string{
	"vm.max_map_count", // mmap of Elasticsearch, Lucene, MongoDB
	"fs.aio-max-nr", "fs.file-max", "fs.nr_open", "fs.pipe-max-size", "fs.epoll.max_user_watches",
	"fs.inotify.max_queued_events", "fs.inotify.max_user_instances", "fs.inotify.max_user_watches",
	"kernel.keys.maxbytes", "kernel.keys.maxkeys", "kernel.threads-max",
	"user.max_cgroup_namespaces", "user.max_inotify_instances", "user.max_inotify_watches", "user.max_ipc_namespaces",
	"user.max_mnt_namespaces", "user.max_net_namespaces", "user.max_pid_namespaces", "user.max_user_namespaces",
	"user.max_uts_namespaces",
	// These are for pods that share the node's namespaces.
	"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
	"fs.mqueue.msg_max", "fs.mqueue.msgsize_max", "fs.mqueue.queues_max",
	"net.core.netdev_max_backlog", "net.core.optmem_max", "net.core.rmem_max", "net.core.somaxconn", "net.core.wmem_max",
	"net.ipv4.tcp_max_orphans", "net.ipv4.tcp_max_syn_backlog", "net.netfilter.nf_conntrack_max", "net.nf_conntrack_max",
}

// A sysctlPlace is where a setting can be set.
type sysctlPlace int

const (
	notALimit   sysctlPlace = iota
	podSetting              // the pod has it for itself
	nodeLimit               // a limit of the node, which can be raised
	nodeSetting             // a setting of the node, out of reach for this pod
)

// placeOfSysctl returns where a setting can be set. Its name has dots.
func placeOfSysctl(w *sidecar.Workload, name string) sysctlPlace {
	shared := true // with the node
	switch sidecar.SysctlNamespace(name) {
	case sidecar.NetNamespace:
		shared = w.Pod.Spec.HostNetwork
		if !shared && slices.Contains(nodeNetwork, name) {
			return nodeSetting
		}
	case sidecar.IPCNamespace:
		shared = w.Pod.Spec.HostIPC
	}
	switch {
	case !shared:
		return podSetting
	case slices.Contains(limits, name):
		return nodeLimit
	}
	return notALimit
}

// The API server's form of names (k8s.io/kubernetes/pkg/apis/core/validation), and values,
// which are numbers and words.
var (
	sysctlForm  = pattern.LazyRegexp(`^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])+[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`)
	sysctlValue = pattern.LazyRegexp(`^[-\w.,]+([ \t]+[-\w.,]+)*$`)
)

// Validate finds errors in the entry alone.
func (p *Sysctl) Validate() sidecar.Findings {
	var fs sidecar.Findings
	if len(p.Sysctls) == 0 {
		fs.Add(sidecar.Error, "missing-field", "sysctls", "no setting is given",
			`write some, as in {name: vm.max_map_count, value: "262144"}`)
	}
	seen := map[string]string{}
	for i, s := range p.Sysctls {
		at, name := fmt.Sprintf("sysctls[%d]", i), sidecar.SysctlName(s.Name)
		if len(s.Name) > 253 || !sysctlForm().MatchString(s.Name) {
			fs.Add(sidecar.Error, "bad-value", at+".name", fmt.Sprintf("%q isn't a valid name of a setting", s.Name),
				"write one like vm.max_map_count")
			continue
		}
		if first, twice := seen[name]; twice {
			fs.Add(sidecar.Error, "bad-value", at+".name", name+" is set by "+first+" already", "remove one of them")
		}
		seen[name] = at
		if !sysctlValue().MatchString(s.Value) {
			fs.Add(sidecar.Error, "bad-value", at+".value", fmt.Sprintf("%q isn't a valid value of %s", s.Value, name),
				"write numbers or words")
		}
	}
	return fs
}

// validateRaised finds values of limits that aren't a number, and so can't be raised.
func validateRaised(at string, s corev1.Sysctl, fs *sidecar.Findings) {
	if n, err := strconv.ParseInt(s.Value, 10, 64); err != nil || n < 1 || strconv.FormatInt(n, 10) != s.Value {
		fs.Add(sidecar.Error, "bad-value", at+".value",
			fmt.Sprintf("%q isn't a value that %s can be raised to", s.Value, sidecar.SysctlName(s.Name)),
			"write a whole number")
	}
}
