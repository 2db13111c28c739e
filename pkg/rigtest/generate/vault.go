package generate

// vault is to be written.
func (r random) vault(w workload, c container, name string) *Node { return nil }
