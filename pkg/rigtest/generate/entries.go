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
	{"tunnel", random.makeTunnel},
	{"exporter", random.makeExporter},
	{"logTail", random.makeLogTail},
	{"configReload", random.makeConfigReload},
	{"vault", random.makeVault},
	{"redisCache", random.makeRedisCache},
	{"sysctl", random.makeSysctl},
	{"permissions", random.makePermissions},
	{"migrate", random.makeMigrate},
	{"fetch", random.makeFetch},
	{"waitFor", random.makeWaitFor},
	{"gitSync", random.makeGitSync},
	{"otelAgent", random.makeOTelAgent},
	{"javaAgent", random.makeJavaAgent},
	{"custom", random.makeCustom},
	// Once more those that seldom find what they're for.
	{"configReload", random.makeConfigReload},
	{"permissions", random.makePermissions},
	{"permissions", random.makePermissions},
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

// nameEntry begins an entry for a container of the app.
func nameEntry(name string, w workload, c container) *Node {
	e := dict("name", name)
	if c.name != w.containers[0].name {
		e.set("app", c.name)
	}
	return e
}

// nameForSome begins an entry that is for another container, or for all, once in n times where there are several.
func (r random) nameForSome(name string, w workload, n int, c container) *Node {
	e := dict("name", name)
	if len(w.containers) > 1 && r.one(n) {
		e.set("app", pick(r, "*", c.name))
	}
	return e
}

// addPattern ends an entry: its place, an override once in n times, and the pattern itself.
func (r random) addPattern(e *Node, w workload, n int, key string, pattern *Node) *Node {
	r.drawPlacement(e, w)
	e.set("override", r.opt(n, r.drawOverride()))
	e.set(key, pattern)
	return e
}

// A drawing is of the entries of one config: any patterns, several of one at times.
type drawing struct {
	random
	workload
	all   bool         // all workloads are selected
	taken map[int]bool // ports of the app, by entries before
	keys  map[string]bool
}

// drawEntry is one of any pattern.
func (d *drawing) drawEntry(name string) *Node {
	for {
		c := pick(d.random, d.containers...)
		var e *Node
		if i := d.IntN(len(makers) + 3); i < len(makers) {
			e = makers[i].make(d.random, d.workload, c, name)
		} else {
			e = d.drawTakeover(c, name)
		}
		if e != nil {
			return d.dropName(e)
		}
	}
}

// drawTakeover is an entry that takes a port of a container over, or one that isn't there.
func (d *drawing) drawTakeover(c container, name string) *Node {
	p := port{number: 8000}
	if len(c.ports) > 0 {
		p = pick(d.random, c.ports...)
	}
	if d.all || d.taken[p.number] || len(c.ports) == 0 && !d.one(8) {
		return nil
	}
	d.taken[p.number] = true
	return d.drawBase(d.makeTLSProxy(d.workload, c, p, name))
}

// dropName leaves the name to the pattern, and workloads out that it is not for, now and then.
func (d *drawing) dropName(e *Node) *Node {
	key := e.entries[len(e.entries)-1].key
	if !d.keys[key] && d.one(12) && e.at("override") == nil {
		e.drop("name")
	}
	d.keys[key] = true
	e.set("unfit", d.opt(10, str("skip")))
	return e
}
