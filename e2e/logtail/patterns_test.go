package logtail

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
)

// What a pattern matches is streamed once, also where rotation gives a file another
// name that matches.
func TestPatterns(t *testing.T) {
	t.Parallel()
	dir := folder(t, "logs", user, 0o750)
	first, c := streaming(t, dir, "*.log", "app.log", 20)

	late := write(t, dir, "two words.log")
	late.more(20)
	for _, name := range []string{"app.log.gz", "old.log.gz", "x.txt"} {
		write(t, dir, name).more(1)
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.log"), 0o755))
	c.has(late.last())

	first.rename("app-1.log") // the script knows the file since it has had time to look
	first.more(20)
	c.has(first.last())
	again := write(t, dir, "again.log") // a look later
	again.more(1)
	c.has(again.last())
	late.remove()
	late.more(20)
	c.has(late.last())

	c.Terminate()
	c.RequireSuccess()
	require.ElementsMatch(t, append(append(first.lines, late.lines...), again.lines...), c.streamed())
}

// streaming writes lines to a file, and starts a container that has streamed them.
func streaming(t *testing.T, dir, pattern, name string, lines int) (*log, container) {
	t.Helper()
	f := write(t, dir, name)
	f.more(lines)
	c := one(t, logtail.LogTail{Files: []string{pattern}}, dir)
	c.has(f.last())
	return f, c
}

// Tails of files that are gone end, and a file that comes back is streamed again.
func TestPatternsGone(t *testing.T) {
	t.Parallel()
	dir := folder(t, "logs", user, 0o750)
	day, c := streaming(t, dir, "day-*.log", "day-1.log", 3)
	require.Len(t, c.tails(), 1)
	require.NoError(t, os.Remove(day.name))
	pod.Poll(t, "the tail to end", func() bool { return len(c.tails()) == 0 })
	day.create()
	day.more(3)
	c.has(day.last())
	c.Terminate()
	c.RequireSuccess()
	require.Equal(t, day.lines, c.streamed())
}
