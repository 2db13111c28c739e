package logtail

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/logtail"
)

// Every line arrives, once and in order, whatever is done with the file.
func TestRotation(t *testing.T) {
	t.Parallel()
	dir := folder(t, "logs", user, 0o750)
	c := one(t, logtail.LogTail{Files: []string{"app.log"}}, dir)
	pod.Poll(t, "the container to run", func() bool { return pod.ReadStatus(t, c.Cmd.Process.Pid, "Name") == "sh" })
	require.Equal(t, "1000 1000 1000 1000", pod.ReadStatus(t, c.Cmd.Process.Pid, "Uid"))
	require.Equal(t, strings.Repeat("0", 16), pod.ReadStatus(t, c.Cmd.Process.Pid, "CapEff"))
	require.True(t, strings.HasSuffix(pod.ReadStatus(t, c.Cmd.Process.Pid, "NSpid"), " 1"),
		"it's the first process of its container")

	l := write(t, dir, "app.log") // after the tail has begun
	l.more(3)
	c.has(l.last())
	l.more(500)
	l.rename("app.log.1")
	l.more(40)
	c.has(l.last())
	l.truncate("app.log.2")
	l.more(3)
	c.has(l.last())
	l.remove()
	l.more(40)
	c.has(l.last())

	l.more(7)
	begun := time.Now()
	c.Terminate()
	l.more(1) // as the app is still ending
	c.RequireSuccess()
	require.Less(t, time.Since(begun), 25*time.Second, "less than a grace period")
	require.Equal(t, l.lines, c.streamed())
}

// Files have containers of their own, and none has another's lines.
func TestSeveral(t *testing.T) {
	t.Parallel()
	dir := folder(t, "logs", user, 0o750)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "gc"), 0o755))
	names := []string{"app.log", "gc/gc.log", "access log"}
	all := renderTails(t, logtail.LogTail{Files: names})
	require.Len(t, all, len(names))
	for i, name := range names {
		t.Run(all[i].Name, func(t *testing.T) {
			t.Parallel()
			l := write(t, dir, name) // before the tail begins
			l.more(30)
			c := start(t, all[i], dir)
			c.has(l.last())
			l.more(1)
			c.has(l.last())
			c.Terminate()
			c.RequireSuccess()
			require.Equal(t, l.lines, c.streamed())
		})
	}
}

// One container streams several files where that is asked for.
func TestMerge(t *testing.T) {
	t.Parallel()
	dir := folder(t, "logs", user, 0o750)
	c := one(t, logtail.LogTail{Files: []string{"a.log", "b.log", "*.json"}, Merge: true}, dir)
	var want []string
	for _, name := range []string{"a.log", "b.log", "c.json"} {
		l := write(t, dir, name)
		l.more(20)
		want = append(want, l.lines...)
		c.has(l.last())
	}
	c.Terminate()
	c.RequireSuccess()
	require.ElementsMatch(t, want, c.streamed())
}

// From the end, only what is added counts, but all of files that come later.
func TestFromEnd(t *testing.T) {
	t.Parallel()
	dir := folder(t, "logs", user, 0o750)
	old := write(t, dir, "old.log")
	old.more(20)
	for _, files := range [][]string{{"old.log", "new.log"}, {"*.log"}} {
		c := one(t, logtail.LogTail{Files: files, Merge: true, From: logtail.FromEnd}, dir)
		seen := len(old.lines)
		pod.Poll(t, "a line that is added", func() bool { old.more(1); return c.Log.String() != "" })
		fresh := write(t, dir, "new.log")
		fresh.more(3)
		c.has(fresh.last())
		c.Terminate()
		c.RequireSuccess()
		require.NotContains(t, c.streamed(), old.lines[seen-1])
		require.Subset(t, c.streamed(), fresh.lines)
		require.NoError(t, os.Remove(fresh.name))
	}
}

// A file that the user can't read is told, and so is a tail that is gone.
func TestTrouble(t *testing.T) {
	t.Parallel()
	dir := folder(t, "logs", user, 0o755)
	l := write(t, dir, "app.log")
	l.more(1)
	for _, file := range []string{"app.log", "*.log"} {
		spec := renderTails(t, logtail.LogTail{Files: []string{file}})[0]
		spec.SecurityContext.RunAsUser, spec.SecurityContext.RunAsGroup = new(int64(65534)), new(int64(65534))
		c := start(t, spec, dir)
		c.has("user 65534 can't read /logs/app.log")
		require.NotContains(t, c.streamed(), l.last())
		c.Terminate()
		c.RequireSuccess()
	}
	l.more(1)
	c := one(t, logtail.LogTail{Files: []string{"*.log"}}, dir)
	c.has(l.last())
	pids := c.tails()
	require.Len(t, pids, 1)
	require.NoError(t, syscall.Kill(pids[0], syscall.SIGKILL), "as the kernel does where memory runs out")
	select {
	case <-c.Done:
		require.ErrorContains(t, c.Err, "exit status 1", "for the kubelet to begin anew")
	case <-time.After(pod.Patience):
		require.FailNow(t, "nobody has noticed")
	}
}
