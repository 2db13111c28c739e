package generate

// exporter is to be written.
func (r random) exporter(w workload, c container, name string) *Node { return nil }
