package corpus

import "fmt"

func (g *maker) serviceAccount() mapping {
	a := g.makeApp(g.j)
	role := m("eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/"+a.name)
	return newObject("v1", "ServiceAccount", g.makeMetadata(a, role),
		"automountServiceAccountToken", g.drawChance(30),
	)
}

func (g *maker) makeRole() mapping {
	rules := list{}
	for range 2 + g.IntN(5) {
		rules = append(rules, m(
			"apiGroups", list{g.pickOne("", "apps", "batch")},
			"resources", list{g.pickOne("pods", "configmaps", "deployments"), "events"},
			"verbs", list{"get", "list", "watch"},
		))
	}
	return newObject("rbac.authorization.k8s.io/v1", "Role", g.makeMetadata(g.makeApp(g.j), nil),
		"rules", rules,
	)
}

func (g *maker) roleBinding() mapping {
	a := g.makeApp(g.j)
	return newObject("rbac.authorization.k8s.io/v1", "RoleBinding", g.makeMetadata(a, nil),
		"roleRef", m("apiGroup", "rbac.authorization.k8s.io", "kind", "Role", "name", a.name),
		"subjects", list{m("kind", "ServiceAccount", "name", a.name, "namespace", a.namespace)},
	)
}

func (g *maker) makeHPA() mapping {
	a := g.makeApp(g.j)
	metric := m(
		"type", "Resource",
		"resource", m("name", "cpu", "target", m("type", "Utilization", "averageUtilization", 60+g.IntN(30))),
	)
	return newObject("autoscaling/v2", "HorizontalPodAutoscaler", g.makeMetadata(a, nil),
		"spec", m(
			"scaleTargetRef", m("apiVersion", "apps/v1", "kind", "Deployment", "name", a.name),
			"minReplicas", 2,
			"maxReplicas", 10+g.IntN(40),
			"metrics", list{metric},
		),
	)
}

func (g *maker) makePDB() mapping {
	a := g.makeApp(g.j)
	return newObject("policy/v1", "PodDisruptionBudget", g.makeMetadata(a, nil),
		"spec", m("maxUnavailable", g.pickOne("25%", "50%"), "selector", a.selector()))
}

// makeCRD is a definition of 33 to 100 kB: nearly all of it is schema.
func (g *maker) makeCRD() mapping {
	a := g.makeApp(others + g.j)
	group, plural := a.name+".example.com", "widgets"
	left := 24_000 + g.IntN(50_000)
	fields := mapping{}
	for len(fields) == 0 || left > 0 {
		fields = append(fields, pair{g.pickOne(words...) + fmt.Sprint(len(fields)), g.makeSchema(&left, 0)})
	}
	schema := m(
		"type", "object",
		"description", g.drawSentence(12),
		"properties", m(
			"apiVersion", m("type", "string"),
			"kind", m("type", "string"),
			"metadata", m("type", "object"),
			"spec", m("type", "object", "properties", fields),
		),
	)
	version := m(
		"name", "v1",
		"served", true,
		"storage", true,
		"subresources", m("status", m()),
		"schema", m("openAPIV3Schema", schema),
	)
	metadata := m(
		"name", plural+"."+group,
		"annotations", m("controller-gen.kubebuilder.io/version", "v0.16.5"),
		"labels", a.appLabels(),
	)
	return newObject("apiextensions.k8s.io/v1", "CustomResourceDefinition", metadata,
		"spec", m(
			"group", group,
			"scope", "Namespaced",
			"names", m("kind", "Widget", "listKind", "WidgetList", "plural", plural, "singular", "widget"),
			"versions", list{version},
		),
	)
}

// makeSchema is that of one field, with what is in it; left is the room that remains.
func (g *maker) makeSchema(left *int, depth int) mapping {
	text := g.drawSentence(6 + g.IntN(40))
	*left -= len(text) + 60 + 4*depth
	o := m("description", text)
	switch {
	case depth > 5 || *left < 0 || g.drawChance(40):
		return append(o, m("type", g.pickOne("string", "boolean"))...)
	case g.drawChance(20):
		return append(o, m("type", "integer", "format", "int32", "minimum", 0, "maximum", 65535)...)
	case g.drawChance(30):
		return append(o, m("type", "array", "items", g.makeSchema(left, depth+1))...)
	}
	fields := mapping{}
	for i := range 2 + g.IntN(5) {
		fields = append(fields, pair{g.pickOne(words...) + fmt.Sprint(i), g.makeSchema(left, depth+1)})
	}
	return append(o, m("type", "object", "properties", fields)...)
}
