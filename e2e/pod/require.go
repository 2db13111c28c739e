package pod

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// RequireRestricted fails unless a process runs as Pod Security's level restricted demands: as a user, without
// capabilities or a way to any.
func RequireRestricted(t *testing.T, pid int, user string) {
	t.Helper()
	require.Equal(t, strings.TrimSpace(strings.Repeat(user+" ", 4)), ReadStatus(t, pid, "Uid"))
	require.Equal(t, "0000000000000000", ReadStatus(t, pid, "CapEff"))
	require.Equal(t, "0000000000000000", ReadStatus(t, pid, "CapBnd"))
	require.Equal(t, "1", ReadStatus(t, pid, "NoNewPrivs"))
}

// PeakMemory returns the most memory, in bytes, that a process has had.
func PeakMemory(t *testing.T, pid int) (peak int64) {
	t.Helper()
	_, err := fmt.Sscanf(ReadStatus(t, pid, "VmHWM"), "%d kB", &peak)
	require.NoError(t, err)
	return peak << 10
}

// RequireSmall fails unless the program has stayed below half of its container's limit of memory.
func (c *Container) RequireSmall() {
	c.T.Helper()
	peak := PeakMemory(c.T, c.Cmd.Process.Pid)
	require.Less(c.T, peak, c.spec.Resources.Limits.Memory().Value()/2)
	c.T.Logf("%d KiB of memory", peak>>10)
}

// RequireRunning fails if the program has ended.
func (c *Container) RequireRunning() {
	c.T.Helper()
	select {
	case <-c.Done:
		require.FailNow(c.T, c.spec.Name+" has ended", "%v\n%s", c.Err, c.Log)
	default:
	}
}

// WaitFor waits until something is so, and fails at once if the program ends before.
func (c *Container) WaitFor(what string, yes func() bool) {
	c.T.Helper()
	Poll(c.T, what, func() bool {
		c.RequireRunning()
		return yes()
	})
}

// WaitForPort waits until the program listens on an address.
func (c *Container) WaitForPort(address string) {
	c.T.Helper()
	c.WaitFor(c.spec.Name+" to listen on "+address, func() bool { return Connects(address) })
}
