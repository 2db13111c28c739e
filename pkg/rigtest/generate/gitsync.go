package generate

// gitSync is to be written.
func (r random) gitSync(w workload, c container, name string) *Node { return nil }
