package renderer

import (
	"os/exec"
	"syscall"
)

// giveSession gives the program a session of its own, and so a process group and no terminal. It
// ends with us, even where we are killed.
func giveSession(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
