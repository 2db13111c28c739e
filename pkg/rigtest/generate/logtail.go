package generate

// makeLogTail is an entry that streams files, or ships them.
func (r random) makeLogTail(w workload, c container, name string) *Node {
	t := dict("directory", pick(r, "/var/log/"+name, "/var/log/"+name, "/var/log/"+name, "/var/log/web", "/data/logs"))
	t.set("files", pick(r,
		list("web.log"), list("*.json", "n"), list("a.log", "a.json", "gc/a.log"), list("two words.log", "é.log")))
	put := func(odds int, key string, v any) { t.set(key, r.opt(odds, v)) }
	put(4, "merge", raw("true"))
	put(5, "from", pick(r, "start", "end"))
	if w.conf && r.one(4) {
		t.set("volume", "data")
	} else {
		put(3, "sizeLimit", pick(r, str("200Mi"), raw("1e9")))
	}
	if r.one(3) {
		t.set("appConfig", dict(
			"data", pick(r, "n", "level = info\n", "\n  a: b # c\n"),
			"mountPath", "/etc/"+name+"/logging.conf",
			"key", r.opt(3, str("n")),
		))
	} else {
		put(4, "appConfig", dict("configMapName", "settings", "mountPath", "/etc/"+name+".conf"))
	}
	if r.one(4) {
		t.set("fluentBit", r.fluentBit(name))
		t.drop("merge")
	}
	e := r.nameForSome(name, w, 2, c)
	return r.addPattern(e, w, 3, "logTail", t)
}

func (r random) fluentBit(name string) *Node {
	f := dict(
		"parser", r.opt(2, dict("format", "json", "time_key", "n")),
		"input", r.opt(3, dict("multiline.parser", "java", "mem_buf_limit", "16M")),
	)
	f.set("filters", r.opt(3, list(
		dict("name", "modify", "set", list("a b", "n on")),
		dict("name", "grep", "exclude", "level debug", "match", "a"),
	)))
	f.set("outputs", list(dict("name", "es", "port", raw("9200"), "tls", raw("true"), "http_passwd", "${ES_PASSWORD}")))
	password := dict("secretKeyRef", dict("name", "es", "key", "password"))
	f.set("env", list(dict("name", "ES_PASSWORD", "valueFrom", password)))
	f.set("healthPort", num(6900+int(name[0])))
	return f
}
