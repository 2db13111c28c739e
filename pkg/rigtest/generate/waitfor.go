package generate

// waitFor is to be written.
func (r random) waitFor(w workload, c container, name string) *Node { return nil }
