package generate

// logTail is to be written.
func (r random) logTail(w workload, c container, name string) *Node { return nil }
