package generate

// permissions is to be written.
func (r random) permissions(w workload, c container, name string) *Node { return nil }
