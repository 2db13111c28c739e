package corpus

import "fmt"

func (g *maker) serviceAccount() mapping {
	a := g.app(g.j)
	return m(
		"apiVersion",
		"v1",
		"kind",
		"ServiceAccount",
		"metadata",
		g.metadata(a, m("eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/"+a.name)),
		"automountServiceAccountToken",
		g.chance(30),
	)
}

func (g *maker) role() mapping {
	rules := list{}
	for range 2 + g.IntN(5) {
		rules = append(
			rules,
			m(
				"apiGroups",
				list{g.pick("", "apps", "batch")},
				"resources",
				list{g.pick("pods", "configmaps", "deployments"), "events"},
				"verbs",
				list{"get", "list", "watch"},
			),
		)
	}
	return m(
		"apiVersion",
		"rbac.authorization.k8s.io/v1",
		"kind",
		"Role",
		"metadata",
		g.metadata(g.app(g.j), nil),
		"rules",
		rules,
	)
}

func (g *maker) roleBinding() mapping {
	a := g.app(g.j)
	return m(
		"apiVersion",
		"rbac.authorization.k8s.io/v1",
		"kind",
		"RoleBinding",
		"metadata",
		g.metadata(a, nil),
		"roleRef",
		m("apiGroup", "rbac.authorization.k8s.io", "kind", "Role", "name", a.name),
		"subjects",
		list{m("kind", "ServiceAccount", "name", a.name, "namespace", a.namespace)},
	)
}

func (g *maker) hpa() mapping {
	a := g.app(g.j)
	metric := m(
		"type",
		"Resource",
		"resource",
		m("name", "cpu", "target", m("type", "Utilization", "averageUtilization", 60+g.IntN(30))),
	)
	return m(
		"apiVersion",
		"autoscaling/v2",
		"kind",
		"HorizontalPodAutoscaler",
		"metadata",
		g.metadata(a, nil),
		"spec",
		m(
			"scaleTargetRef",
			m("apiVersion", "apps/v1", "kind", "Deployment", "name", a.name),
			"minReplicas",
			2,
			"maxReplicas",
			10+g.IntN(40),
			"metrics",
			list{metric},
		),
	)
}

func (g *maker) pdb() mapping {
	a := g.app(g.j)
	return m("apiVersion", "policy/v1", "kind", "PodDisruptionBudget", "metadata", g.metadata(a, nil),
		"spec", m("maxUnavailable", g.pick("25%", "50%"), "selector", m("matchLabels", m("app.kubernetes.io/name", a.name))))
}

// crd is a definition of 33 to 100 kB: nearly all of it is schema.
func (g *maker) crd() mapping {
	a := g.app(others + g.j)
	group, plural := a.name+".example.com", "widgets"
	left := 24_000 + g.IntN(50_000)
	fields := mapping{}
	for len(fields) == 0 || left > 0 {
		fields = append(fields, pair{g.pick(words...) + fmt.Sprint(len(fields)), g.schema(&left, 0)})
	}
	version := m(
		"name",
		"v1",
		"served",
		true,
		"storage",
		true,
		"subresources",
		m("status", m()),
		"schema",
		m(
			"openAPIV3Schema",
			m(
				"type",
				"object",
				"description",
				g.sentence(12),
				"properties",
				m(
					"apiVersion",
					m("type", "string"),
					"kind",
					m("type", "string"),
					"metadata",
					m("type", "object"),
					"spec",
					m("type", "object", "properties", fields),
				),
			),
		),
	)
	return m(
		"apiVersion",
		"apiextensions.k8s.io/v1",
		"kind",
		"CustomResourceDefinition",
		"metadata",
		m(
			"name",
			plural+"."+group,
			"annotations",
			m("controller-gen.kubebuilder.io/version", "v0.16.5"),
			"labels",
			a.labels(),
		),
		"spec",
		m(
			"group",
			group,
			"scope",
			"Namespaced",
			"names",
			m("kind", "Widget", "listKind", "WidgetList", "plural", plural, "singular", "widget"),
			"versions",
			list{version},
		),
	)
}

// schema is that of one field, with what is in it; left is the room that remains.
func (g *maker) schema(left *int, depth int) mapping {
	text := g.sentence(6 + g.IntN(40))
	*left -= len(text) + 60 + 4*depth
	o := m("description", text)
	switch {
	case depth > 5 || *left < 0 || g.chance(40):
		return append(o, m("type", g.pick("string", "boolean"))...)
	case g.chance(20):
		return append(o, m("type", "integer", "format", "int32", "minimum", 0, "maximum", 65535)...)
	case g.chance(30):
		return append(o, m("type", "array", "items", g.schema(left, depth+1))...)
	}
	fields := mapping{}
	for i := range 2 + g.IntN(5) {
		fields = append(fields, pair{g.pick(words...) + fmt.Sprint(i), g.schema(left, depth+1)})
	}
	return append(o, m("type", "object", "properties", fields)...)
}
