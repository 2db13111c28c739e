package generate

// fetch is to be written.
func (r random) fetch(w workload, c container, name string) *Node { return nil }
