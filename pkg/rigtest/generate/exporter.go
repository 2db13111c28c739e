package generate

// makeExporter is an entry that has the workload scraped: by an exporter, or as it is.
func (r random) makeExporter(w workload, c container, name string) *Node {
	monitors := []string{"Service", "PodMonitor", "ServiceMonitor", "Annotations", "None"}
	if w.labels == nil {
		monitors = monitors[3:]
	}
	monitor := pick(r, monitors...)
	x := dict("monitor", monitor, "portName", "m-"+name)
	put := func(odds int, key string, v any) { x.set(key, r.opt(odds, v)) }
	if monitor == "PodMonitor" || monitor == "ServiceMonitor" {
		put(2, "interval", "30s")
		put(2, "monitorLabels", dict("release", pick(r, "n", "1e3", "prometheus")))
	}
	e := nameEntry(name, w, c)
	if len(c.ports) > 0 && r.one(4) {
		x.set("appMetrics", dict(
			"port", num(pick(r, c.ports...).number),
			"path", r.opt(2, str("/admin/metrics")),
			"params", r.opt(3, dict("format", "1e3")),
		))
		e.set("exporter", x) // nothing to be placed or overridden
		return e
	}
	x.set("metricsPort", num(9100+int(name[0])))
	at := num(r.anyPort(c))
	switch r.IntN(5) {
	case 0:
		x.set("preset", "elasticsearch")
		x.set("port", at)
		put(2, "tls", raw("true"))
		put(2, "credentials", dict("secretName", "monitor"))
		put(3, "args", list("--collector.clustersettings", "--es.uri=http://127.0.0.1:{port}/search"))
	case 1:
		x.set("preset", "redis")
		x.set("port", at)
		put(2, "credentials", dict("secretName", "monitor", "keys", dict("REDIS_PASSWORD", "n")))
		put(2, "env", dict("REDIS_EXPORTER_DEBUG", "true", "REDIS_EXPORTER_NAMESPACE", pick(r, "n", "1e3")))
	case 2:
		x.set("preset", "statsd")
		x.set("port", num(8200+int(name[0])))
		put(2, "appEnv", dict(pick(r, "V0", "V5", "STATSD_HOST"), "127.0.0.1"))
		put(2, "configMap", dict("name", pick(r, "settings", "mapping"), "key", r.opt(2, str("mapping.yml"))))
	case 3:
		x.set("preset", "blackbox")
		x.set("port", at)
		put(2, "params", dict("module", "n"))
	default:
		const digest = "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
		x.set("image", pick(r, "our-exporter:1", "registry:5000/x@"+digest))
		x.set("port", at)
		put(2, "args", list("--app=127.0.0.1:{port}", pick(r, "a: b", "n", "two\nlines\n")))
		put(2, "env", dict("LISTEN", ":{metricsPort}", "Z", pick(r, "1e3", "", "$(HOST)")))
		put(3, "runAsUser", num(1234))
		put(3, "path", "/all")
	}
	return r.addPattern(e, w, 4, "exporter", x)
}

func (r random) anyPort(c container) int {
	if len(c.ports) == 0 {
		return 8000
	}
	return pick(r, c.ports...).number
}
