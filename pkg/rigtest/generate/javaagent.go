package generate

// makeJavaAgent is an entry that brings an agent into a container's JVM.
func (r random) makeJavaAgent(w workload, c container, name string) *Node {
	a, e := dict(), nameEntry(name, w, c)
	put := func(odds int, key string, v any) { a.set(key, r.opt(odds, v)) }
	switch r.IntN(3) {
	case 0:
		a.set("preset", "opentelemetry")
		put(2, "serviceName", pick(r, "web", "n", "1e3"))
		put(2, "endpoint", "http://127.0.0.1:4318")
		put(2, "env", dict("OTEL_METRICS_EXPORTER", pick(r, "none", "n", "$(NODE)")))
	case 1:
		a.set("preset", "jmx")
		a.set("configMapName", "jmx")
		put(3, "key", "jmx.yaml")
		a.set("port", num(7400+int(name[0])))
	default:
		put(2, "options", pick(r, "a=b", "level:debug,x=$(POD)", "#"))
	}
	if a.at("preset") == nil || a.at("configMapName") != nil {
		a.set("image", "agent:1")
		a.set("path", "/agent.jar")
	}
	return r.addPattern(e, w, 3, "javaAgent", a)
}
