package agent

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Validate finds errors in the entry alone.
func (p *RedisCache) Validate() sidecar.Findings {
	var fs sidecar.Findings
	pattern.ValidateEnum("engine", p.Engine, &fs, Valkey, Redis, Memcached)
	pattern.ValidateEnum("eviction", p.Eviction, &fs, AllKeysLRU, AllKeysLFU, AllKeysRandom, VolatileLRU, VolatileLFU,
		VolatileRandom, VolatileTTL)
	if p.Engine == Memcached && p.Eviction != "" {
		pattern.RefuseField("eviction", "memcached always evicts the least recently used items", &fs)
	}
	if q := p.maxMemory(); q.Cmp(resource.MustParse("1Mi")) < 0 || q.Cmp(resource.MustParse("1Ti")) > 0 {
		fs.Add(sidecar.Error, "bad-value", "maxMemory", q.String()+" isn't a valid cache size",
			"write 1Mi to 1Ti, as in 64Mi")
	}
	if p.Socket && p.Port != 0 {
		pattern.RefuseField("port", "there is no port with socket", &fs)
	} else if p.Port != 0 {
		pattern.ValidateUnprivilegedPort("port", p.Port, &fs)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		pattern.ValidateEnvName("env", name, &fs)
		if p.Engine == Memcached && !p.Socket && strings.Contains(p.Env[name], "localhost") {
			fs.Add(sidecar.Warning, "rebind-address", "env."+name,
				"localhost may resolve to ::1, where memcached doesn't listen",
				"write 127.0.0.1")
		}
	}
	return fs
}
