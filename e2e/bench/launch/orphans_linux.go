package main

import "syscall"

// adoptOrphans makes this process the parent of what its children leave running, as podman leaves the process that
// watches over a container (PR_SET_CHILD_SUBREAPER in prctl(2)).
func adoptOrphans() {
	const setChildSubreaper = 36
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0) // else they aren't counted
}
