package oracle

import "fmt"

// services are those in front of a workload, and some that aren't.
func (g *gen) services(w workload) []any {
	return list(one(g, 0, 1, 1, 2, 3), func(i int) any {
		spec := m{
			"selector": one(g, w.labels, w.labels, w.labels, w.labels, w.labels, m{"app": "other"}),
			"ports":    g.servicePorts(w),
		}
		return m{
			"apiVersion": "v1", "kind": "Service",
			"metadata": with(m{"name": fmt.Sprintf("web-%d", i)}, "namespace", w.object["metadata"].(m)["namespace"]),
			"spec": with(spec,
				"clusterIP", one[any](g, nil, "None"),
				"ipFamilyPolicy", one[any](g, nil, "PreferDualStack")),
		}
	})
}

func (g *gen) servicePorts(w workload) []any {
	target := one[any](g, nil, w.port, orNil(w.portName))
	port := 80
	if target == nil {
		port = w.port
	}
	first := with(m{"port": port}, "targetPort", target, "appProtocol", one[any](g, nil, nil, "http"))
	if g.sometimes(2) {
		return []any{with(first, "name", one[any](g, nil, "http", "web"))}
	}
	return append([]any{with(first, "name", "http"), m{"name": "metrics", "port": 9090, "targetPort": "metrics"}},
		one(g, nil, nil, nil, nil, nil, nil, // the last two are in the way of what a config adds
			[]any{m{"name": "agent", "port": 6001}}, []any{m{"name": "other", "port": 6000}})...)
}
