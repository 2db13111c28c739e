package generate

import "fmt"

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
			put(
				"networking.k8s.io/v1",
				"Ingress",
				dict("ingressClassName", r.opt(2, str(pick(r, "nginx", "traefik", "alb", "gce", "contour", "kong", "mine"))),
					"rules", list(dict("http", dict("paths", list(r.ingressPath(w, service), r.ingressPath(w, w.name)))))),
			)
		case 2:
			monitor := dict("selector", dict("matchLabels", dict("app", w.name)))
			kind, field := "PodMonitor", "podMetricsEndpoints"
			if r.one(2) {
				kind, field = "ServiceMonitor", "endpoints"
			}
			monitor.set(
				field,
				list(
					dict("port", pick(r, "main", "n", "http"), "scheme", r.opt(3, str("http"))),
					dict("targetPort", r.to(r.drawPort(w)), "path", "/m"),
				),
			)
			put("monitoring.coreos.com/v1", kind, monitor)
		case 3:
			put(
				"networking.k8s.io/v1",
				"NetworkPolicy",
				dict("podSelector", dict("matchLabels", dict("app", w.name)), "ingress",
					list(dict("ports", list(dict("port", r.to(r.drawPort(w))))))),
			)
		case 4:
			put(
				"gateway.networking.k8s.io/v1",
				"HTTPRoute",
				dict("rules", list(dict("backendRefs", list(dict("name", service, "port", num(r.drawPort(w).number)))))),
			)
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
	return pick(r, "http://", "http://", "ws://", "https://", "") + pick(r, "", "", "",
		"user:"+Secret+"@") + host + fmt.Sprintf(
		":%d",
		r.drawPort(w).number,
	) + pick(r, "", "/", "/a?b=c", ",http://"+service)
}
