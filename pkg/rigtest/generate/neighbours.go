package generate

import (
	"fmt"
)

// drawNeighbours are objects that look at a workload, or dial it: a takeover may
// change them.
func (r random) drawNeighbours(w workload) (all []*Object) {
	for i := range r.IntN(3) * r.IntN(2) {
		name := fmt.Sprintf("%s-neighbour-%d", w.name, i)
		meta := dict("name", name)
		if w.namespace != "" && !r.one(6) {
			meta.set("namespace", w.namespace)
		}
		n := dict("apiVersion", "v1", "kind", "", "metadata", meta)
		put := func(api, kind string, spec *Node) {
			n.set("apiVersion", api)
			n.set("kind", kind)
			n.set("spec", spec)
		}
		service := pick(r, w.name, w.name, w.name+"-more")
		switch r.IntN(7) {
		case 0, 1:
			key, value := r.ingressAnnotation()
			if key != "" {
				meta.set("annotations", dict(key, value))
			}
			class := r.opt(2, str(pick(r, "nginx", "traefik", "alb", "gce", "contour", "kong", "mine")))
			paths := list(r.ingressPath(w, service), r.ingressPath(w, w.name))
			rules := list(dict("http", dict("paths", paths)))
			put("networking.k8s.io/v1", "Ingress", dict("ingressClassName", class, "rules", rules))
		case 2:
			monitor := dict("selector", dict("matchLabels", dict("app", w.name)))
			kind, field := "PodMonitor", "podMetricsEndpoints"
			if r.one(2) {
				kind, field = "ServiceMonitor", "endpoints"
			}
			monitor.set(field, list(
				dict("port", pick(r, "main", "n", "http"), "scheme", r.opt(3, str("http"))),
				dict("targetPort", r.to(r.drawPort(w)), "path", "/m"),
			))
			put("monitoring.coreos.com/v1", kind, monitor)
		case 3:
			rule := dict("ports", list(dict("port", r.to(r.drawPort(w)))))
			selector := dict("matchLabels", dict("app", w.name))
			put("networking.k8s.io/v1", "NetworkPolicy", dict("podSelector", selector, "ingress", list(rule)))
		case 4:
			backend := dict("name", service, "port", num(r.drawPort(w).number))
			put("gateway.networking.k8s.io/v1", "HTTPRoute", dict("rules", list(dict("backendRefs", list(backend)))))
		default:
			c := dict("name", "client", "image", "x:1", "env",
				list(dict("name", "URL", "value", r.drawURL(w, service)), dict("name", "n", "value", "1e3")), "args",
				r.opt(2, list("-v", "--url="+r.drawURL(w, service), r.drawURL(w, w.name))))
			put("apps/v1", "Deployment", dict("template", dict("spec", dict("containers", list(c)))))
		}
		all = append(all, &Object{Node: n, concerned: true})
	}
	return all
}

func (r random) ingressAnnotation() (key, value string) {
	switch r.IntN(8) {
	case 0:
		return "nginx.ingress.kubernetes.io/backend-protocol", pick(r, "HTTPS", "HTTPS", "HTTP")
	case 1:
		return "nginx.org/ssl-services", pick(r, "other", "web", "")
	case 2:
		return "haproxy-ingress.github.io/timeout-server", "1m"
	case 3:
		return "haproxy.org/check", "true"
	}
	return "", ""
}

func (r random) ingressPath(w workload, service string) *Node {
	port := dict("number", num(r.drawPort(w).number))
	if r.one(2) {
		port = dict("name", pick(r, "main", "n"))
	}
	return dict("path", "/", "backend", dict("service", dict("name", service, "port", port)))
}

func (r random) drawPort(w workload) port {
	for _, c := range w.containers {
		if len(c.ports) > 0 && !r.one(4) {
			return pick(r, c.ports...)
		}
	}
	return port{"", 8000}
}

func (r random) drawURL(w workload, service string) string {
	host := service
	if w.namespace != "" && r.one(3) {
		host += "." + w.namespace + pick(r, "", ".svc", ".svc.cluster.local")
	}
	scheme := pick(r, "http://", "http://", "ws://", "https://", "")
	user := pick(r, "", "", "", "user:"+Secret+"@")
	port := r.drawPort(w).number
	return scheme + user + fmt.Sprintf("%s:%d", host, port) + pick(r, "", "/", "/a?b=c", ",http://"+service)
}

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
		all = append(all, &Object{Node: object("v1", "Service", meta, "spec", spec), concerned: true})
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
