package generate

// makeSysctl is an entry of kernel settings: the pod's, and the node's.
func (r random) makeSysctl(w workload, c container, name string) *Node {
	first := pick(r, "net.ipv4.tcp_keepalive_time", "net/ipv4/tcp_fin_timeout", "kernel.shm_rmid_forced")
	all := list(dict("name", first, "value", "60"))
	if r.one(2) {
		all.add(dict("name", pick(r, "vm.max_map_count", "fs/file-max"), "value", "262144"))
	}
	if r.one(4) { // some pods have it already
		all.add(dict("name", pick(r, "net.core.somaxconn", "net/core/somaxconn"), "value", pick(r, "1024", "1024", "4096")))
	}
	e := dict("name", name)
	r.drawPlacement(e, w)
	e.set("sysctl", dict("sysctls", all))
	return e
}
