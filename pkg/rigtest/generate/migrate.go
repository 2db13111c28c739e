package generate

// migrate is to be written.
func (r random) migrate(w workload, c container, name string) *Node { return nil }
