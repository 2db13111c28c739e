package generate

// redisCache is to be written.
func (r random) redisCache(w workload, c container, name string) *Node { return nil }
