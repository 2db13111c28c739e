package generate

// makeGitSync is an entry that gives a container the files of a repository.
func (r random) makeGitSync(w workload, c container, name string) *Node {
	g := dict("mountPath", "/git/"+name)
	put := func(odds int, key string, value any) { g.set(key, r.opt(odds, value)) }
	if r.one(3) {
		g.set("repo", pick(r, "git@git.example:team/content.git", "ssh://git@git.example:2222/team/content"))
		g.set("ssh", dict("secretName", "git-key"))
	} else {
		g.set("repo", "https://git.example/team/content")
		put(2, "basicAuth", dict("secretName", "git-login"))
		put(3, "ca", dict(pick(r, "secretName", "configMapName"), "git-ca"))
	}
	if r.one(3) {
		g.set("once", raw("true"))
	} else {
		put(3, "periodSeconds", num(pick(r, 1, 10, 3600)))
		g.set("statusPort", num(6800+int(name[0])))
	}
	put(2, "ref", pick(r, "main", "v1.2", "release/1.2", "refs/heads/n", "4355a46b19d348dc2f57c046f8ef63d4538ebb93"))
	put(4, "timeoutSeconds", num(600))
	put(4, "link", pick(r, "site", "n", "1e3"))
	put(4, "depth", num(pick(r, 0, 1, 50)))
	put(4, "submodules", pick(r, "recursive", "shallow", "off"))
	put(4, "sizeLimit", pick(r, str("200Mi"), raw("1073741824")))
	return r.addPattern(nameEntry(name, w, c), w, 5, "gitSync", g)
}
