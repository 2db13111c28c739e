package generate

import "fmt"

// makeWaitFor is an entry that waits for addresses and URLs.
func (r random) makeWaitFor(w workload, c container, name string) *Node {
	t := list(pick(r, "postgres:5432", "[2001:db8::1]:6379"))
	if r.one(4) { // of another sidecar, perhaps
		t.add(fmt.Sprintf("%s:%d", pick(r, "127.0.0.1", "localhost"), pick(r, 6300, 6400, 7000)+int(pick(r, names...)[0])))
	}
	if r.one(2) {
		t.add(pick(r, "https://search/health?a=$(B)", "http://10.0.0.1:8080/"))
	}
	p := dict("targets", t)
	put := func(odds int, key string, v any) { p.set(key, r.opt(odds, v)) }
	put(3, "timeoutSeconds", num(60))
	put(3, "intervalSeconds", num(5))
	e := dict("name", name)
	return r.addPattern(e, w, 5, "waitFor", p)
}
