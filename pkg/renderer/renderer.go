// Package renderer runs a program that renders manifests, and returns what it printed only
// where it has succeeded: a shell pipe passes on the half that a failed program has printed.
package renderer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"time"

	"github.com/outrigger-dev/outrigger/pkg/files"
)

// Patience is how long the output may stay open after the program has ended. It's for
// processes that the program has left behind: what it printed itself is there at once.
const Patience = time.Second

// A Failure says why there are no manifests, and perhaps what to do.
type Failure struct{ Message, Hint string }

func (f *Failure) Error() string { return f.Message }

// Render runs a program without a shell and returns its standard output. It inherits the
// environment, its standard error goes to stderr, and it has no standard input and no
// terminal, so that it can't wait for a person. Interrupts and other signals that end
// programs are passed on to it. Whatever it leaves behind of its process group is killed.
//
// The error is a [Failure] if the program can't be started, ends with another code than 0,
// is ended by a signal, or leaves a process that holds its output. It doesn't show the
// arguments, which may have passwords.
func Render(stderr io.Writer, name string, args ...string) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr, c.WaitDelay = w, stderr, Patience
	giveSession(c)
	runtime.LockOSThread() // the system ends the program with the thread that has started it
	defer runtime.UnlockOSThread()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, endingSignals...)
	defer signal.Stop(signals)
	err = c.Start()
	w.Close()
	if err != nil {
		return "", describeStart(name, err)
	}
	defer killGroup(c)
	stop := passSignals(signals, c)

	read := make(chan reading, 1)
	go func() {
		text, err := files.ReadPipe(r)
		if err != nil { // nobody reads what it goes on to print
			killGroup(c)
		}
		read <- reading{text, err}
	}()
	failure := c.Wait()
	got := stop()
	out, held := waitForEnd(r, read)
	switch {
	case got != nil:
		return "", &Failure{name + " was stopped by a signal: " + got.String(), ""}
	case out.err != nil && !held:
		return "", &Failure{"the output of " + name + " can't be read: " + out.err.Error(), ""}
	case held || errors.Is(failure, exec.ErrWaitDelay):
		return "", &Failure{name + " has left a process running that holds its output", "run it in the foreground"}
	case failure != nil:
		return "", describeEnd(name, c.ProcessState)
	}
	return out.text, nil
}

// reading is what was read of a program's output.
type reading struct {
	text string
	err  error
}

// waitForEnd waits for the end of the output of a program that has ended; held says that it didn't
// come.
func waitForEnd(r *os.File, read <-chan reading) (out reading, held bool) {
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	select {
	case out = <-read:
		return out, false
	case <-timeout.C:
		_ = r.SetReadDeadline(time.Now())
		return <-read, true
	}
}

// passSignals passes signals on to the program. One that doesn't end on the first is killed by
// the next. stop ends that, and returns the first that came, or nil.
func passSignals(signals chan os.Signal, c *exec.Cmd) (stop func() os.Signal) {
	done := make(chan os.Signal, 1)
	go func() {
		var first os.Signal
		for s := range signals {
			if first != nil {
				killGroup(c)
				continue
			}
			first = s
			sendGroup(c, s)
		}
		done <- first
	}()
	return func() os.Signal {
		signal.Stop(signals)
		close(signals)
		return <-done
	}
}

// describeStart says why a program couldn't be started.
func describeStart(name string, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return &Failure{name + " isn't in PATH", "install it, or write its path"}
	}
	reason := err
	if e, ok := errors.AsType[*os.PathError](err); ok {
		reason = e.Err
	}
	return &Failure{fmt.Sprintf("%s can't be started: %v", name, reason), ""}
}

// describeEnd says how a program has failed.
func describeEnd(name string, state *os.ProcessState) error {
	if code := state.ExitCode(); code >= 0 {
		return &Failure{fmt.Sprintf("%s ended with code %d", name, code), "its own messages are above"}
	}
	return &Failure{name + " was ended by a " + state.String(), ""}
}
