package generate

// makeMigrate is an entry that migrates in the pod, or by a Job that is made of it.
func (r random) makeMigrate(w workload, c container, name string) *Node {
	m, e := dict(), nameEntry(name, w, c)
	put := func(odds int, key string, v any) { m.set(key, r.opt(odds, v)) }
	if r.one(2) {
		m.set("command", list("bin/rails", pick(r, "db:migrate", "db:prepare")))
		put(3, "args", list("--trace", pick(r, "n", "a b")))
		put(4, "image", "migrations:1")
	} else {
		m.set("engine", pick(r, "golang-migrate", "flyway", "liquibase"))
		m.set("source", pick(r, dict("configMapName", "migrations"), dict("image", "migrations:1", "path", "/sql")))
		m.set("databaseURL", dict("secretName", "db", "key", "url"))
		put(2, "username", dict("secretName", "db", "key", "user"))
		put(2, "password", dict("secretName", "db", "key", "password"))
	}
	if r.one(2) {
		m.set("mode", "job")
		put(2, "hook", pick(r, "argocd", "helm"))
		put(3, "backoffLimit", num(pick(r, 0, 3)))
		put(4, "activeDeadlineSeconds", num(600))
		put(6, "ttlSecondsAfterFinished", num(3600))
	}
	return r.addPattern(e, w, 3, "migrate", m)
}
