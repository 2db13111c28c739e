package generate

// makeVault is an entry that gives a container files with secrets.
func (r random) makeVault(w workload, c container, name string) *Node {
	v := dict("address", pick(r, "https://vault.example:8200", "http://127.0.0.1:8200"), "role", "web")
	put := func(odds int, key string, value any) { v.set(key, r.opt(odds, value)) }
	mode := pick(r, "", "", "agent", "init", "cli")
	if mode != "" {
		v.set("mode", mode)
	}
	if mode == "" || mode == "agent" {
		put(3, "refreshSeconds", num(pick(r, 1, 60, 3600)))
	}
	put(4, "program", pick(r, "vault", "openbao"))
	if v.at("address").value == "https://vault.example:8200" {
		put(2, "ca", dict(pick(r, "secretName", "configMapName"), "vault-ca", "key", r.opt(3, str("root.pem"))))
		put(5, "serverName", "vault.internal")
	}
	put(4, "namespace", pick(r, "team", "team/web"))
	put(4, "authPath", "clusters/one")
	put(4, "audience", "https://vault.example")
	v.set("mountPath", "/vault/"+name)
	files := list(dict("path", "all.json", "secret", "secret/data/web"))
	if r.one(2) {
		files.add(dict(
			"path", "sub/key",
			"secret", "legacy/web",
			"kvVersion", num(1),
			"field", pick(r, "key", "a key", "1e3"),
			"perms", r.opt(2, str(pick(r, "0400", "440", "0444"))),
		))
	}
	if mode != "cli" && r.one(2) {
		files.add(dict("path", "db.env", "secret", "database/creds/web", "format", "env"))
	}
	if mode != "cli" && r.one(3) {
		template := pick(r, "{{ with secret \"secret/data/web\" }}{{ .Data.data.key }}{{ end }}",
			"{{ key \"n\" }}\n# ünï\n\ttab: \"${x}\"\n", "n")
		files.add(dict("path", "own", "template", template))
	}
	v.set("files", files)
	return r.addPattern(nameEntry(name, w, c), w, 5, "vault", v)
}
