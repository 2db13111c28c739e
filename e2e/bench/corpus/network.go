package corpus

import "fmt"

func (g *maker) makeService() mapping {
	a := g.makeApp(g.j)
	ports := list{
		m("name", "http", "port", 80, "targetPort", "http", "protocol", "TCP"),
		m("name", "metrics", "port", 9090, "targetPort", 9090, "protocol", "TCP"),
	}
	return m(
		"apiVersion",
		"v1",
		"kind",
		"Service",
		"metadata",
		g.makeMetadata(a, m("service.kubernetes.io/topology-mode", "Auto")),
		"spec",
		m(
			"type",
			"ClusterIP",
			"ports",
			ports[:1+g.IntN(2)],
			"selector",
			noted{m("app.kubernetes.io/name", a.name), "of the pods"},
		),
	)
}

func (g *maker) makeIngress() mapping {
	a := g.makeApp(g.j)
	paths := list{}
	for _, p := range []string{"/", "/api", "/static", "/healthz"}[:1+g.IntN(4)] {
		paths = append(
			paths,
			m("path", p, "pathType", "Prefix", "backend", m("service", m("name", a.name, "port", m("number", 80)))),
		)
	}
	host := a.name + ".example.com"
	return m(
		"apiVersion",
		"networking.k8s.io/v1",
		"kind",
		"Ingress",
		"metadata",
		g.makeMetadata(
			a,
			m(
				"nginx.ingress.kubernetes.io/proxy-body-size",
				"8m",
				"nginx.ingress.kubernetes.io/configuration-snippet",
				"more_set_headers \"X-Frame-Options: DENY\";\nproxy_intercept_errors off;\n",
				"cert-manager.io/cluster-issuer",
				"letsencrypt",
			),
		),
		"spec",
		m(
			"ingressClassName",
			"nginx",
			"rules",
			list{m("host", host, "http", m("paths", paths))},
			"tls",
			list{m("hosts", list{host}, "secretName", a.name+"-tls")},
		),
	)
}

func (g *maker) networkPolicy() mapping {
	a, from := g.makeApp(g.j), g.makeApp(g.IntN(240))
	peer := m(
		"namespaceSelector",
		m("matchLabels", m("kubernetes.io/metadata.name", from.namespace)),
		"podSelector",
		m("matchLabels", m("app.kubernetes.io/name", from.name)),
	)
	return m(
		"apiVersion",
		"networking.k8s.io/v1",
		"kind",
		"NetworkPolicy",
		"metadata",
		g.makeMetadata(a, nil),
		"spec",
		m(
			"podSelector",
			m("matchLabels", m("app.kubernetes.io/name", a.name)),
			"policyTypes",
			list{"Ingress", "Egress"},
			"ingress",
			list{m("from", list{peer}, "ports", list{m("port", 8080, "protocol", "TCP")})},
			"egress",
			list{m("to", list{m("ipBlock", m("cidr", "10.0.0.0/8", "except", list{fmt.Sprintf("10.%d.0.0/16", g.IntN(256))}))})},
		),
	)
}

func (g *maker) serviceMonitor() mapping {
	a := g.makeApp(g.j)
	return m(
		"apiVersion",
		"monitoring.coreos.com/v1",
		"kind",
		"ServiceMonitor",
		"metadata",
		g.makeMetadata(a, nil),
		"spec",
		m(
			"selector",
			m("matchLabels", m("app.kubernetes.io/name", a.name)),
			"endpoints",
			list{m("port", "metrics", "interval", "30s", "path", "/metrics",
				"relabelings", list{m("sourceLabels", list{"__meta_kubernetes_pod_node_name"}, "targetLabel", "node")})},
		),
	)
}

func (g *maker) makeCertificate() mapping {
	a := g.makeApp(g.j)
	return m(
		"apiVersion",
		"cert-manager.io/v1",
		"kind",
		"Certificate",
		"metadata",
		g.makeMetadata(a, nil),
		"spec",
		m(
			"secretName",
			a.name+"-tls",
			"dnsNames",
			list{a.name + ".example.com", "*." + a.name + ".example.com"},
			"issuerRef",
			m("name", "letsencrypt", "kind", "ClusterIssuer"),
			"privateKey",
			m("rotationPolicy", "Always"),
		),
	)
}
