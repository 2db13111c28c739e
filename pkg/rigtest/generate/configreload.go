package generate

// configReload is to be written.
func (r random) configReload(w workload, c container, name string) *Node { return nil }
