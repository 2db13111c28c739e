package generate

// otelAgent is to be written.
func (r random) otelAgent(w workload, c container, name string) *Node { return nil }
