package generate

import "fmt"

// makeRedisCache is an entry that points variables of its own to a cache.
func (r random) makeRedisCache(w workload, c container, name string) *Node {
	port := 6400 + int(name[0])
	t := dict("port", num(port))
	env := dict("CACHE_"+pick(r, "URL", "HOST"), fmt.Sprintf("%s:%d", pick(r, "127.0.0.1", "localhost"), port), "Z",
		r.opt(3, str(pick(r, "n", "1e3", "a: b", "two\nlines\n"))))
	if r.one(3) {
		t = dict("socket", raw("true"))
		env = dict("CACHE_SOCKET", "/run/outrigger/"+name+"/redis.sock")
	}
	put := func(odds int, key string, v any) { t.set(key, r.opt(odds, v)) }
	put(3, "engine", pick(r, "valkey", "redis", "memcached"))
	put(2, "maxMemory", pick(r, str("16Mi"), str("1Gi"), raw("33554432"), str("64e6")))
	if n := t.at("engine"); n == nil || n.value != "memcached" {
		put(4, "eviction", pick(r, "allkeys-lfu", "volatile-ttl"))
	}
	t.set("env", r.opt(2, env))
	e := r.nameForSome(name, w, 3, c)
	r.drawPlacement(e, w)
	if override := r.drawOverride(); override.at("resources") == nil {
		e.set("override", r.opt(4, override))
	}
	e.set("redisCache", t)
	return e
}
