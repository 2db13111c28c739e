package generate

// sysctl is to be written.
func (r random) sysctl(w workload, c container, name string) *Node { return nil }
