package generate

// others are the patterns that need little of the workload; each has a file of its
// own. A nil entry: nothing for this workload.
var others = []func(r random, w workload, c container, name string) *Node{
	random.exporter,
	random.logTail,
	random.configReload,
	random.vault,
	random.redisCache,
	random.sysctl,
	random.permissions,
	random.migrate,
	random.fetch,
	random.waitFor,
	random.gitSync,
	random.otelAgent,
	random.javaAgent,
	// Once more those that seldom find what they're for.
	random.configReload, random.configReload, random.permissions, random.permissions, random.permissions,
}

// other is an entry of one of them, now and then.
func (r random) other(w workload, c container, name string) *Node {
	if !r.one(2) {
		return nil
	}
	return pick(r, others...)(r, w, c, name)
}
