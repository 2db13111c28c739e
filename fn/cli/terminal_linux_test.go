package cli

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Whoever starts the program without an input is told what it waits for, and ends the input as the hint says.
func TestTerminalHint(t *testing.T) {
	keyboard, tty := terminal(t)
	said, stderr := io.Pipe()
	done := make(chan int)
	args := []string{"outrigger", "inject", "-c", file(t, "sidecars.yaml", sidecars)}
	go func() {
		done <- Run(testBuild, args, tty, io.Discard, stderr)
		stderr.Close()
	}()
	var first [1000]byte
	n, err := said.Read(first[:])
	require.NoError(t, err)
	require.Equal(t, "note: manifests are read from the terminal\n  hint: name files or folders, or end with Ctrl-D\n",
		string(first[:n]))
	_, err = keyboard.WriteString("\x04") // a read isn't woken by a Close
	require.NoError(t, err)
	rest := make(chan string)
	go func() {
		text, _ := io.ReadAll(said)
		rest <- string(text)
	}()
	require.Equal(t, exitFailed, <-done)
	require.Contains(t, <-rest, "standard input is empty")
}

// terminal opens a pseudoterminal: what is written to the keyboard, a program reads from tty.
func terminal(t *testing.T) (keyboard, tty *os.File) {
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { keyboard.Close() })
	fd := int(keyboard.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { tty.Close() })
	return keyboard, tty
}
