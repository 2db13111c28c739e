package logtail

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
)

// Files that are renamed twice within a second arrive where a pattern matches their new names, too: within the five
// seconds in which it's looked at. By its one name, busybox's tail finds a file once a second.
func TestFastRotation(t *testing.T) {
	t.Parallel()
	dir := folder(t, "logs", user, 0o750)
	c := one(t, logtail.LogTail{Files: []string{"app.log*"}}, dir)
	l := write(t, dir, "app.log")
	l.more(1)
	c.has(l.last())
	rotations := time.NewTicker(300 * time.Millisecond)
	defer rotations.Stop()
	for i := range 6 {
		l.more(100)
		<-rotations.C
		l.rename(fmt.Sprint("app.log.2026-", i))
	}
	l.more(1)
	for _, line := range l.lines {
		c.has(line)
	}
	c.Terminate()
	c.RequireSuccess()
	require.Subset(t, l.lines, c.streamed(), "some may come twice, but whole")
}
