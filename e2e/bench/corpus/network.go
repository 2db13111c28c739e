package corpus

import "fmt"

func (g *maker) makeService() mapping {
	a := g.makeApp(g.j)
	ports := list{
		m("name", "http", "port", 80, "targetPort", "http", "protocol", "TCP"),
		m("name", "metrics", "port", 9090, "targetPort", 9090, "protocol", "TCP"),
	}
	return newObject("v1", "Service", g.makeMetadata(a, m("service.kubernetes.io/topology-mode", "Auto")),
		"spec", m(
			"type", "ClusterIP",
			"ports", ports[:1+g.IntN(2)],
			"selector", noted{m("app.kubernetes.io/name", a.name), "of the pods"},
		),
	)
}

func (g *maker) makeIngress() mapping {
	a := g.makeApp(g.j)
	paths := list{}
	for _, p := range []string{"/", "/api", "/static", "/healthz"}[:1+g.IntN(4)] {
		backend := m("service", m("name", a.name, "port", m("number", 80)))
		paths = append(paths, m("path", p, "pathType", "Prefix", "backend", backend))
	}
	host := a.name + ".example.com"
	snippet := "more_set_headers \"X-Frame-Options: DENY\";\nproxy_intercept_errors off;\n"
	annotations := m(
		"nginx.ingress.kubernetes.io/proxy-body-size", "8m",
		"nginx.ingress.kubernetes.io/configuration-snippet", snippet,
		"cert-manager.io/cluster-issuer", "letsencrypt",
	)
	return newObject("networking.k8s.io/v1", "Ingress", g.makeMetadata(a, annotations),
		"spec", m(
			"ingressClassName", "nginx",
			"rules", list{m("host", host, "http", m("paths", paths))},
			"tls", list{m("hosts", list{host}, "secretName", a.name+"-tls")},
		),
	)
}

func (g *maker) networkPolicy() mapping {
	a, from := g.makeApp(g.j), g.makeApp(g.IntN(240))
	peer := m(
		"namespaceSelector", m("matchLabels", m("kubernetes.io/metadata.name", from.namespace)),
		"podSelector", from.selector(),
	)
	metadata, except := g.makeMetadata(a, nil), fmt.Sprintf("10.%d.0.0/16", g.IntN(256))
	return newObject("networking.k8s.io/v1", "NetworkPolicy", metadata,
		"spec", m(
			"podSelector", a.selector(),
			"policyTypes", list{"Ingress", "Egress"},
			"ingress", list{m("from", list{peer}, "ports", list{m("port", 8080, "protocol", "TCP")})},
			"egress", list{m("to", list{m("ipBlock", m("cidr", "10.0.0.0/8", "except", list{except}))})},
		),
	)
}

func (g *maker) serviceMonitor() mapping {
	a := g.makeApp(g.j)
	return newObject("monitoring.coreos.com/v1", "ServiceMonitor", g.makeMetadata(a, nil),
		"spec", m(
			"selector", a.selector(),
			"endpoints", list{m("port", "metrics", "interval", "30s", "path", "/metrics",
				"relabelings", list{m("sourceLabels", list{"__meta_kubernetes_pod_node_name"}, "targetLabel", "node")})},
		),
	)
}

func (g *maker) makeCertificate() mapping {
	a := g.makeApp(g.j)
	return newObject("cert-manager.io/v1", "Certificate", g.makeMetadata(a, nil),
		"spec", m(
			"secretName", a.name+"-tls",
			"dnsNames", list{a.name + ".example.com", "*." + a.name + ".example.com"},
			"issuerRef", m("name", "letsencrypt", "kind", "ClusterIssuer"),
			"privateKey", m("rotationPolicy", "Always"),
		),
	)
}
