package oracle

import "fmt"

// app is the first container, which configs have served.
func (g *gen) app(w workload) m {
	port := with(m{"containerPort": w.port},
		"name", orNil(w.portName),
		"protocol", one[any](g, nil, "TCP"),
		"hostPort", one[any](g, nil, nil, nil, nil, w.port))
	const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	c := m{
		"name":  "web",
		"image": one(g, "web:1", "registry.example.com/web@"+digest),
		"ports": append([]any{port}, one(g, nil, nil, nil, nil, []any{m{"name": "metrics", "containerPort": 9090}},
			[]any{m{"name": "udp", "containerPort": w.port, "protocol": "UDP"}}, // may have the number
			[]any{m{"name": "agent-0", "containerPort": 6100}})...),             // is in the way of what a config adds
	}
	return with(c,
		"command", one[any](g, nil, nil, []any{"/web"}),
		"args", one[any](g, nil, []any{"serve", "--verbose"}),
		"env", g.env(),
		"volumeMounts", g.mounts(),
		"resources", g.resources(),
		"startupProbe", g.probe(w, 3),
		"livenessProbe", g.probe(w, 2),
		"readinessProbe", g.probe(w, 1),
		"lifecycle", g.lifecycle(w),
		"securityContext", one[any](g, nil, nil, m{"privileged": true},
			m{"allowPrivilegeEscalation": false, "capabilities": m{"drop": []any{"ALL"}}}))
}

func (g *gen) mounts() any {
	return one[any](g, nil, nil, nil,
		[]any{m{"name": "data", "mountPath": "/data"}},
		[]any{m{"name": "data", "mountPath": "/shared"}},
		[]any{m{"name": "data", "mountPath": "/a", "subPath": "a"}, m{"name": "data", "mountPath": "/b"}})
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (g *gen) env() []any {
	return []any{
		m{"name": "MODE", "value": "prod"},
		m{"name": "POD", "valueFrom": m{"fieldRef": m{"fieldPath": "metadata.name"}}},
		m{"name": "PASSWORD", "valueFrom": m{"secretKeyRef": m{"name": "web", "key": "password"}}},
		m{"name": "http.host", "value": "$(POD)"},
		m{"name": "AGENT", "value": one(g, "127.0.0.1:6000", "127.0.0.1:6000", "127.0.0.1:6001")},
	}[:g.IntN(6)]
}

func (g *gen) resources() any {
	return one[any](g, nil,
		m{"requests": m{"cpu": "100m", "memory": "64Mi"}},
		m{"requests": m{"cpu": "1", "memory": "1Gi"}, "limits": m{"cpu": "1", "memory": "1Gi"}},
		m{"limits": m{"memory": "128Mi"}})
}

// probe is one of the app's port, there once in n times.
func (g *gen) probe(w workload, n int) any {
	if !g.sometimes(n) {
		return nil
	}
	at := one[any](g, w.port, w.port, orNil(w.portName))
	if at == nil {
		at = w.port
	}
	probe := one(g,
		m{"httpGet": m{"path": "/healthz", "port": at}},
		m{"httpGet": m{"path": "/", "port": at, "scheme": "HTTP", "httpHeaders": []any{m{"name": "Host", "value": "web"}}}},
		m{"tcpSocket": m{"port": at}},
		m{"exec": m{"command": []any{"web", "check"}}})
	return with(probe,
		"periodSeconds", one[any](g, nil, 5),
		"timeoutSeconds", one[any](g, nil, 2),
		"initialDelaySeconds", one[any](g, nil, nil, 1))
}

func (g *gen) lifecycle(w workload) any {
	return one[any](g, nil, nil, nil,
		m{"preStop": m{"sleep": m{"seconds": 5}}},
		m{"preStop": m{"exec": m{"command": []any{"sleep", "3"}}}},
		m{"preStop": m{"httpGet": m{"path": "/stop", "port": w.port}}},
		m{"postStart": m{"exec": m{"command": []any{"true"}}}})
}

// helper are the containers beside the app.
func (g *gen) helper(w workload) func(int) any {
	return func(i int) any {
		return with(m{"name": fmt.Sprintf("helper-%d", i), "image": "helper:1"},
			"ports", one[any](g, nil, []any{m{"name": fmt.Sprintf("helper-%d", i), "containerPort": 7000 + i}}),
			"livenessProbe", one[any](g, nil, nil, m{"tcpSocket": m{"port": w.port}}),
			"env", g.env())
	}
}

// init are the init containers of the manifest, some of them native sidecars.
func (g *gen) init(i int) any {
	c := m{"name": fmt.Sprintf("init-%d", i), "image": "busybox:1", "command": []any{"sh", "-c", "true"}}
	if g.sometimes(3) {
		c["restartPolicy"] = "Always"
		c["startupProbe"] = m{"exec": m{"command": []any{"true"}}}
	}
	return c
}
