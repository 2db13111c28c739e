package oracle

import (
	"fmt"
	"strings"
)

// config asks for one or two patterns for a workload.
func (g *gen) config(w workload) m {
	tls, custom := g.tlsProxy(w), g.custom(w)
	return m{
		"apiVersion": "outrigger.dev/v1alpha1", "kind": "Sidecars",
		"metadata": m{"name": "generated"},
		"spec": with(m{
			"select":   []any{m{"kind": w.kind}},
			"patterns": one(g, []any{tls}, []any{custom}, []any{tls, custom}, []any{custom, tls}),
		}, "record", one[any](g, nil, nil, "always"), "kubernetesVersion", one[any](g, nil, nil, "1.29", "1.37")),
	}
}

func (g *gen) placement(w workload) any {
	if w.ends() {
		return one[any](g, nil, nil, nil, "native", "native", "native", "beside")
	}
	return one[any](g, nil, "native", "beside")
}

func (g *gen) tlsProxy(w workload) m {
	p := m{"port": w.port, "rebind": one(g,
		m{"port": w.port + 1000, "env": m{"HOST": "127.0.0.1", "PORT": fmt.Sprint(w.port + 1000)}},
		m{"port": w.port + 1000, "args": []any{fmt.Sprintf("--listen=127.0.0.1:%d", w.port+1000)}})}
	if g.sometimes(6) {
		p["certificate"] = m{"issuerRef": m{"name": "ca"}}
	} else {
		p["secretName"] = "web-tls"
	}
	with(p,
		"tlsProfile", one[any](g, nil, "modern"),
		"plainHTTP", one[any](g, nil, "redirect"),
		"accessLog", one[any](g, nil, "json"),
		"drainSeconds", one[any](g, nil, nil, 0, 2, 20))
	return with(m{"tlsProxy": p},
		"placement", g.placement(w),
		"name", one[any](g, nil, nil, "front", strings.Repeat("proxy-", 10)+"end"),
		"override", one[any](g, append([]any{nil, nil, nil}, overrides(w)...)...))
}

// overrides are some of a proxy's container.
func overrides(w workload) []any {
	return []any{
		m{"resources": m{"limits": m{"memory": "256Mi"}}, "env": []any{m{"name": "TZ", "value": "UTC"}}},
		m{
			"startupProbe": m{"httpGet": m{"path": "/", "port": w.port, "scheme": "HTTPS"}},
			"lifecycle":    m{"preStop": m{"exec": m{"command": []any{"sleep", "1"}}}},
		},
		m{
			"ports":           []any{m{"name": "extra", "containerPort": 5443}},
			"securityContext": m{"runAsUser": 1001, "capabilities": m{"add": []any{"NET_BIND_SERVICE"}}},
		},
	}
}

// custom has a little of everything that a Change can be.
func (g *gen) custom(w workload) m {
	configMap := m{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   m{"name": "agent"},
		"data":       m{"a.conf": "y = n\n", "on": "yes"},
	}
	c := with(m{},
		"phase", one[any](g, nil, 20, 90),
		"initContainers", list(g.IntN(3), prepare),
		"containers", list(1+g.IntN(2), g.agent),
		"servicePorts", one[any](g, nil, []any{m{"name": "agent", "port": 6000, "targetPort": 6000}}),
		"pod", one[any](g, nil, nil, m{"shareProcessNamespace": true}, m{"imagePullSecrets": []any{m{"name": "agents"}}},
			m{"sysctls": []any{m{"name": "net.ipv4.tcp_syncookies", "value": "1"}}}),
		"objects", one[any](g, nil, []any{configMap}))
	c["volumes"] = []any{
		m{"name": "shared", "emptyDir": m{}},
		m{"name": "agent", "configMap": m{"name": "agent", "optional": true}},
	}[:1+g.IntN(2)]
	c["app"] = with(m{},
		"env", one[any](g, nil, []any{m{"name": "AGENT", "value": "127.0.0.1:6000"}, m{"name": "y", "value": "on"}}),
		"args", one[any](g, nil, []any{"--agent"}),
		"volumeMounts", one[any](g, nil, []any{m{"name": "shared", "mountPath": "/shared"}}),
		"drainSeconds", one[any](g, nil, nil, nil, nil, nil, 3, 10, 40))
	return with(m{"custom": c}, "placement", g.placement(w), "name", one[any](g, nil, "agents"))
}

func prepare(i int) any {
	return m{"name": fmt.Sprintf("prepare-%d", i), "image": "busybox:1", "command": []any{"sh", "-c", "date"},
		"volumeMounts": []any{m{"name": "shared", "mountPath": "/shared"}}}
}

func (g *gen) agent(i int) any {
	return with(m{"name": fmt.Sprintf("agent-%d", i), "image": "agent:1"},
		"ports", one[any](g, nil, []any{m{"name": fmt.Sprintf("agent-%d", i), "containerPort": 6000 + i}}),
		"env", g.env(),
		"resources", g.resources(),
		"volumeMounts", one[any](g, nil, []any{m{"name": "shared", "mountPath": "/shared", "readOnly": true}}),
		"startupProbe", one[any](g, nil, m{"exec": m{"command": []any{"true"}}}),
		"lifecycle", one[any](g, nil, nil, m{"preStop": m{"exec": m{"command": []any{"sleep", "1"}}}}))
}
