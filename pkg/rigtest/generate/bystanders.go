package generate

import "fmt"

// drawBystander is an object that no config is concerned with.
func (r random) drawBystander(i int) *Object {
	name := fmt.Sprintf("bystander-%d", i)
	var n *Node
	switch r.IntN(9) {
	case 0:
		data := dict("a.conf", block(pick(r, "|", "|-", "|+", ">-", ">+"), r.drawBody()...), "n", "on", "v", "1e3")
		n = object("v1", "ConfigMap", dict("name", name), "data", data)
	case 1:
		data := dict("password", Secret, "tls.crt", "x", "tls.key", Secret+"-key")
		n = object("v1", "Secret", dict("name", "web-tls"), "stringData", data)
	case 2:
		n = object("apiextensions.k8s.io/v1", "CustomResourceDefinition", dict("name", name), "spec", r.drawSchema(2))
	case 3:
		n = r.drawAnchored(name)
	case 4:
		backend := dict("service", dict("name", "web", "port", dict("number", num(80))))
		rule := dict("host", "*.example.com", "http", dict("paths", list(dict("path", "/", "backend", backend))))
		meta := dict("name", name, "annotations", r.drawEmpty(mapKind))
		n = object("networking.k8s.io/v1", "Ingress", meta, "spec", dict("rules", list(rule)))
	case 5:
		name := pick(r, "prod", "default")
		level := pick(r, "baseline", "restricted")
		n = object("v1", "Namespace", dict("name", name, "labels", dict("pod-security.kubernetes.io/enforce", level)))
	case 6:
		meta := dict("name", "settings", "namespace", r.opt(2, str(pick(r, "prod", "default"))))
		data := dict("web.conf", "n", "mapping.yml", "mappings: []", "jmx.yaml", "{}")
		n = object("v1", "ConfigMap", meta, "immutable", r.opt(8, raw("true")), "data", data)
	case 7:
		role := dict("eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/web")
		n = object("v1", "ServiceAccount", dict("name", "default", "annotations", role))
	default: // a workload that isn't selected
		app := dict("name", "app", "image", "x:1", "env", raw("[]"))
		template := dict("metadata", raw("null"), "spec", dict("containers", list(app)))
		meta := dict("name", name, "annotations", dict("a", raw("!!str 1")))
		n = object("apps/v1", "Deployment", meta, "spec", dict("template", template))
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
	n := object("example.com/v1", "Thing", dict("name", name), "spec", dict(
		"base", base,
		"same", raw("*base"),
		"merged", dict("<<", raw("*base"), "cpu", "2"),
		"list", list(raw("*base"), raw("&x !!str 1"), raw("*x"), dict("a", raw("*x"))),
		"tagged", raw("!custom value"),
		"date", raw("2001-12-14"),
		"folded", block(">", "a", "b", "", "  c"),
		"plain", raw("several words, [on] e"),
	))
	n.fixed = true // an alias stands behind its anchor
	return n
}
