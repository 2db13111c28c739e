package generate

// javaAgent is to be written.
func (r random) javaAgent(w workload, c container, name string) *Node { return nil }
