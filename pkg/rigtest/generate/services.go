package generate

// drawServices are those in front of a workload, and some that only look so.
func (r random) drawServices(w workload) []*Object {
	var all []*Object
	for _, name := range []string{w.name, w.name + "-more"} {
		if w.labels == nil || r.one(3) {
			continue
		}
		namespace := w.namespace
		if r.one(10) {
			namespace = "elsewhere"
		}
		meta := dict("name", name)
		if namespace != "" {
			meta.set("namespace", namespace)
		}
		spec := dict("selector", r.drawPairs(w.labels[:2]), "clusterIP", r.opt(4, str("None")), "ports", r.servicePorts(w))
		if r.one(12) {
			spec.set("type", "ExternalName")
			spec.set("externalName", "example.com")
		}
		all = append(
			all,
			&Object{Node: dict("apiVersion", "v1", "kind", "Service", "metadata", meta, "spec", spec), concerned: true},
		)
	}
	return all
}

func (r random) servicePorts(w workload) any {
	var ports []port
	for _, c := range w.containers {
		ports = append(ports, c.ports...)
	}
	if len(ports) == 0 {
		ports = []port{{"", 8000}}
	}
	n := list()
	count := 1 + r.IntN(2)
	for i := range count {
		p := ports[r.IntN(len(ports))]
		e := dict("port", num(p.number+i))
		if count > 1 || r.one(2) {
			e.set("name", []string{"main", "n"}[i])
		}
		switch r.IntN(4) {
		case 0:
		case 1:
			e.set("targetPort", num(p.number))
		default:
			e.set("targetPort", r.to(p))
		}
		e.set("protocol", r.opt(4, str("TCP")))
		e.set("appProtocol", r.opt(5, str(pick(r, "http", "grpc"))))
		n.add(e)
	}
	return n
}
