package generate

import "fmt"

// drawBystander is an object that no config is concerned with.
func (r random) drawBystander(i int) *Object {
	name := fmt.Sprintf("bystander-%d", i)
	var n *Node
	switch r.IntN(9) {
	case 0:
		n = dict("apiVersion", "v1", "kind", "ConfigMap", "metadata", dict("name", name),
			"data", dict("a.conf", block(pick(r, "|", "|-", "|+", ">-", ">+"), r.drawBody()...), "n", "on", "v", "1e3"))
	case 1:
		n = dict("apiVersion", "v1", "kind", "Secret", "metadata", dict("name", "web-tls"), "stringData",
			dict("password", Secret, "tls.crt", "x", "tls.key", Secret+"-key"))
	case 2:
		n = dict("apiVersion", "apiextensions.k8s.io/v1", "kind", "CustomResourceDefinition", "metadata",
			dict("name", name), "spec", r.drawSchema(2))
	case 3:
		n = r.drawAnchored(name)
	case 4:
		n = dict(
			"apiVersion",
			"networking.k8s.io/v1",
			"kind",
			"Ingress",
			"metadata",
			dict("name", name, "annotations", r.drawEmpty(mapKind)),
			"spec",
			dict(
				"rules",
				list(
					dict(
						"host",
						"*.example.com",
						"http",
						dict(
							"paths",
							list(dict("path", "/", "backend", dict("service", dict("name", "web", "port", dict("number", num(80)))))),
						),
					),
				),
			),
		)
	case 5:
		n = dict(
			"apiVersion",
			"v1",
			"kind",
			"Namespace",
			"metadata",
			dict("name", pick(r, "prod", "default"), "labels",
				dict("pod-security.kubernetes.io/enforce", pick(r, "baseline", "restricted"))),
		)
	case 6:
		n = dict("apiVersion", "v1", "kind", "ConfigMap", "metadata",
			dict("name", "settings", "namespace", r.opt(2, str(pick(r, "prod", "default")))), "immutable",
			r.opt(8, raw("true")), "data", dict("web.conf", "n", "mapping.yml", "mappings: []", "jmx.yaml", "{}"))
	case 7:
		n = dict("apiVersion", "v1", "kind", "ServiceAccount", "metadata",
			dict("name", "default", "annotations", dict("eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/web")))
	default: // a workload that isn't selected
		n = dict(
			"apiVersion",
			"apps/v1",
			"kind",
			"Deployment",
			"metadata",
			dict("name", name, "annotations", dict("a", raw("!!str 1"))),
			"spec",
			dict(
				"template",
				dict("metadata", raw("null"), "spec",
					dict("containers", list(dict("name", "app", "image", "x:1", "env", raw("[]"))))),
			),
		)
	}
	return &Object{Node: n}
}

// drawSchema is deep, as CustomResourceDefinitions are.
func (r random) drawSchema(depth int) *Node {
	n := dict("type", pick(r, "object", "n", "string"), "description", "long text: with # signs, and 'quotes'")
	if depth > 0 {
		n.set("properties", dict("spec", r.drawSchema(depth-1), "template", r.opt(2, r.drawSchema(depth-1))))
		n.set("enum", r.opt(3, list(raw("1"), raw("null"), "on", raw("0x1F"), raw("1e3"))))
	}
	return n
}

// drawAnchored has anchors, aliases and merge keys.
func (r random) drawAnchored(name string) *Node {
	base := dict("cpu", "1", "memory", "1Gi")
	base.prefix = "&base "
	n := dict("apiVersion", "example.com/v1", "kind", "Thing", "metadata", dict("name", name), "spec", dict("base",
		base, "same", raw("*base"), "merged", dict("<<", raw("*base"), "cpu", "2"), "list",
		list(raw("*base"), raw("&x !!str 1"), raw("*x"), dict("a", raw("*x"))), "tagged", raw("!custom value"), "date",
		raw("2001-12-14"), "folded", block(">", "a", "b", "", "  c"), "plain", raw("several words, [on] e")))
	n.fixed = true // an alias stands behind its anchor
	return n
}
