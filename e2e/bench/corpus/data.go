package corpus

import (
	"fmt"
	"strings"
)

// configMap holds an app's settings; one in 31 is a large one of 50 to 200 kB, as
// dashboards and rules are.
func (g *maker) configMap() mapping {
	a := g.makeApp(g.j)
	data := m(
		"config.yaml", g.makeConfigMap(10+g.IntN(25)),
		"LOG_FORMAT", g.pickOne("json", "text"),
		"WORKERS", fmt.Sprint(1+g.IntN(64)),
		"ENABLED", "true",
	)
	if g.j%31 == 15 {
		data = append(data, pair{"rules.yaml", g.makeRules(45_000 + g.IntN(125_000))})
	}
	if g.drawChance(20) {
		const conf = "server {\n\tlisten 8080;\n\tlocation / {\n\t\tproxy_pass http://127.0.0.1:3000;\n\t}\n}\n"
		data = append(data, pair{"nginx.conf", conf})
	}
	return newObject("v1", "ConfigMap", g.makeMetadata(a, nil), "data", data)
}

// makeConfigMap is a small YAML file.
func (g *maker) makeConfigMap(lines int) string {
	var b strings.Builder
	b.WriteString("server:\n  listen: 0.0.0.0:8080\n")
	for i := range lines {
		name := g.pickOne("timeout", "limit", "retries", "size")
		fmt.Fprintf(&b, "  %s%d: %d # %s\n", name, i, g.IntN(1000), g.drawSentence(4))
	}
	return b.String()
}

const rule = `- apiVersion: apps/v1
  kind: Deployment
  metadata:
    labels: {%s: %s}
  alert: Rule%d
  expr: sum(rate(http_requests_total{code=~"5..",job="%s"}[5m])) > %d
  annotations:
    summary: "%s"
`

// makeRules is a text of manifests: what looks like the beginning of an item, or of a
// selected workload, is none.
func (g *maker) makeRules(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, rule, LabelKey, LabelValue, i, g.makeApp(i%240).name, g.IntN(100), g.drawSentence(8+g.IntN(20)))
	}
	return b.String()
}

func (g *maker) makeSecret() mapping {
	a := g.makeApp(g.j)
	data := m("password", g.drawBase64(24), "url", g.drawBase64(80))
	if g.drawChance(30) {
		data = append(data, m("tls.crt", g.drawBase64(1600), "tls.key", g.drawBase64(2200))...)
	}
	return newObject("v1", "Secret", g.makeMetadata(a, nil), "type", "Opaque", "data", data)
}
