package generate

// makePermissions is an entry that makes the volume writable which most pods have.
func (r random) makePermissions(w workload, c container, name string) *Node {
	if (!w.conf || !c.conf) && !r.one(20) { // it stands beside that one
		return nil
	}
	p := dict("volumes", list("data"), "runAsGroup", num(1000)) // as the fsGroup that some have
	if r.one(2) {
		p = dict("volumes", list("data"), "mode", "chown", "runAsUser", num(1000), "runAsGroup", r.opt(2, num(2000)))
	}
	e := dict("name", name, "app", c.name)
	r.drawPlacement(e, w)
	e.set("permissions", p)
	return e
}
