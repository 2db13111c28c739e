//go:build unix && !linux

package renderer

import (
	"os/exec"
	"syscall"
)

// giveSession gives the program a session of its own, and so a process group and no terminal.
func giveSession(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
