//go:build !unix

package renderer

import (
	"os"
	"os/exec"
)

// endingSignals are the signals that end programs.
var endingSignals = []os.Signal{os.Interrupt}

func giveSession(*exec.Cmd) {}

// killGroup ends the program. There are no process groups.
func killGroup(c *exec.Cmd) { _ = c.Process.Kill() }

func sendGroup(c *exec.Cmd, _ os.Signal) { killGroup(c) }
