package generate

import "fmt"

// drawPod makes the pod's spec.
func (r random) drawPod(w *workload) *Node {
	spec, inits, containers := dict(), list(), list()
	put := func(odds int, key string, v any) { spec.set(key, r.opt(odds, v)) }
	if r.one(3) {
		for i := range 1 + r.IntN(2) {
			name := fmt.Sprintf("init%d", i)
			inits.add(dict("name", name, "image", "busybox:1", "command", r.opt(2, list("sh", "-c", "true"))))
			w.inits = append(w.inits, name)
		}
		spec.set("initContainers", inits)
	} else {
		put(6, "initContainers", r.drawEmpty(listKind))
	}
	mounts := false
	for i := range 1 + r.IntN(2)*r.IntN(3) {
		n, c := r.drawContainer([]string{"app", "helper", "n"}[i], i)
		containers.add(n)
		w.containers = append(w.containers, c)
		mounts = mounts || c.conf
	}
	security := dict("fsGroup", r.opt(2, num(1000)), "sysctls",
		r.opt(3, list(dict("name", "net.core.somaxconn", "value", "1024"))))
	if r.one(6) {
		r.makeGuaranteed(inits, containers)
	}
	if r.one(6) {
		r.makeRestricted(security, inits, containers)
	}
	if w.kind == "Service" && r.one(4) { // Knative names the only container itself
		containers.entries[0].value.drop("name")
	}
	if n := len(containers.entries); n > 1 {
		r.shareNetwork(containers.entries[0].value, containers.entries[n-1].value)
	}
	spec.set("containers", containers)
	volumes := list(
		dict("name", "data", "emptyDir", raw("{}")),
		dict("name", "conf", "configMap", dict("name", "settings")),
	)
	if mounts && !r.one(60) {
		spec.set("volumes", volumes)
	} else {
		put(4, "volumes", r.drawSome(volumes))
	}
	w.conf = spec.at("volumes") != nil && len(spec.at("volumes").entries) > 0
	put(8, "imagePullSecrets", r.drawSome(list(dict("name", "pull"))))
	if len(security.entries) > 0 {
		put(3, "securityContext", r.drawSome(security))
	}
	put(8, "terminationGracePeriodSeconds", num(60))
	put(60, "hostNetwork", raw("true"))
	put(10, "newerField", list(dict("name", "x"), raw("~")))
	if w.job {
		spec.set("restartPolicy", "Never")
	}
	return spec
}

// makeGuaranteed gives the pod its QoS class.
func (r random) makeGuaranteed(inits, containers *Node) {
	for _, n := range append(inits.entries, containers.entries...) {
		limits := dict("cpu", pick(r, str("500m"), raw("1")), "memory", pick(r, "64Mi", "1Gi"))
		requests := r.opt(2, dict("cpu", limits.at("cpu"), "memory", limits.at("memory")))
		n.value.set("resources", dict("limits", limits, "requests", requests))
	}
}

// makeRestricted is what Pod Security's level of that name wants.
func (r random) makeRestricted(pod, inits, containers *Node) {
	pod.set("runAsNonRoot", raw("true"))
	pod.set("runAsUser", r.opt(2, num(1000)))
	pod.set("seccompProfile", dict("type", "RuntimeDefault"))
	for _, n := range append(inits.entries, containers.entries...) {
		n.value.set("securityContext", dict(
			"allowPrivilegeEscalation", raw("false"),
			"readOnlyRootFilesystem", r.opt(2, raw("true")),
			"capabilities", dict("drop", list("ALL")),
		))
	}
}

// shareNetwork lets the last container have something of the first by an alias: near what
// is edited, or right in its way.
func (r random) shareNetwork(first, last *Node) {
	env, resources := first.at("env"), first.at("resources")
	switch {
	case r.one(3):
		if resources == nil {
			resources = dict("requests", dict("cpu", "100m"))
			first.set("resources", resources)
		}
		resources.prefix = "&shared "
		last.set("resources", raw("*shared"))
	case env != nil && env.isCollection() && len(env.entries) > 0 && r.one(2):
		env.prefix = "&shared "
		last.set("env", raw("*shared"))
	}
}
