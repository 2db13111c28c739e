package generate

import "slices"

// A maker makes an entry of a pattern; each has a file of its own. A nil entry:
// nothing for this workload.
type maker func(r random, w workload, c container, name string) *Node

// makers are those of all patterns, by their keys, but for the proxies, which take ports over: takeover makes theirs. A
// new pattern has a file with its maker, and a row here.
var makers = []struct {
	key  string
	make maker
}{
	{"tunnel", random.tunnel},
	{"exporter", random.exporter},
	{"logTail", random.logTail},
	{"configReload", random.configReload},
	{"vault", random.vault},
	{"redisCache", random.redisCache},
	{"sysctl", random.sysctl},
	{"permissions", random.permissions},
	{"migrate", random.migrate},
	{"fetch", random.fetch},
	{"waitFor", random.waitFor},
	{"gitSync", random.gitSync},
	{"otelAgent", random.otelAgent},
	{"javaAgent", random.javaAgent},
	{"custom", random.custom},
	// Once more those that seldom find what they're for.
	{"configReload", random.configReload}, {"permissions", random.permissions}, {"permissions", random.permissions},
}

// PatternKeys returns the keys of all patterns that generated configs may have.
func PatternKeys() []string {
	keys := []string{"tlsProxy", "authProxy"}
	for _, m := range makers {
		keys = append(keys, m.key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// A drawing is of the entries of one config: any patterns, several of one at times.
type drawing struct {
	random
	workload
	all   bool         // all workloads are selected
	taken map[int]bool // ports of the app, by entries before
	keys  map[string]bool
}

// entry is one of any pattern.
func (d *drawing) entry(name string) *Node {
	for {
		c := pick(d.random, d.containers...)
		var e *Node
		if i := d.IntN(len(makers) + 3); i < len(makers) {
			e = makers[i].make(d.random, d.workload, c, name)
		} else {
			e = d.takeover(c, name)
		}
		if e != nil {
			return d.unnamed(e)
		}
	}
}

// takeover is an entry that takes a port of a container over, or one that isn't there.
func (d *drawing) takeover(c container, name string) *Node {
	p := port{number: 8000}
	if len(c.ports) > 0 {
		p = pick(d.random, c.ports...)
	}
	if d.all || d.taken[p.number] || len(c.ports) == 0 && !d.one(8) {
		return nil
	}
	d.taken[p.number] = true
	return d.gate(d.tlsProxy(d.workload, c, p, name))
}

// unnamed leaves the name to the pattern, and workloads out that it is not for, now and then.
func (d *drawing) unnamed(e *Node) *Node {
	key := e.entries[len(e.entries)-1].key
	if !d.keys[key] && d.one(12) && e.at("override") == nil {
		e.drop("name")
	}
	d.keys[key] = true
	e.set("unfit", d.opt(10, str("skip")))
	return e
}
