//go:build unix

package renderer

import (
	"os"
	"os/exec"
	"syscall"
)

// endingSignals are the signals that end programs and can be passed on.
var endingSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// killGroup ends all processes of the program's group.
func killGroup(c *exec.Cmd) { sendGroup(c, syscall.SIGKILL) }

// sendGroup sends a signal to all processes of the program's group. There may be none left. One
// that is stopped goes on, since it would get the signal only then.
func sendGroup(c *exec.Cmd, s os.Signal) {
	_ = syscall.Kill(-c.Process.Pid, s.(syscall.Signal))
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGCONT)
}
