package files

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// open reads a folder to write it.
func open(t *testing.T, args ...string) *Set {
	t.Helper()
	set, err := Read(args, true)
	require.NoError(t, err)
	return set
}

// grown are the texts of a set, each with some more.
func grown(s *Set) []string {
	var texts []string
	for _, f := range s.Files {
		texts = append(texts, f.Text+"+")
	}
	return texts
}

// state is the text of each file in a folder, and the target of each link.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		switch {
		case err != nil || d.IsDir():
			return err
		case d.Type()&os.ModeSymlink != 0:
			to, err := os.Readlink(path)
			all[rel] = "-> " + to
			return err
		}
		text, err := os.ReadFile(path)
		all[rel] = string(text)
		return err
	}))
	return all
}

func TestWriteThroughLinks(t *testing.T) {
	dir := tree(t, map[string]string{"d/a.yaml": "-> ../shared/a.yaml", "shared/a.yaml": "a", "d/b.yaml": "b",
		"d/c.yaml": "c", "dl": "-> d"})
	set := open(t, filepath.Join(dir, "dl"), filepath.Join(dir, "shared"))
	_, err := set.Write(context.Background(), []string{"new", "b", " \n"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"d/a.yaml": "-> ../shared/a.yaml", "shared/a.yaml": "new", "d/b.yaml": "b",
		"dl": "-> d"}, state(t, dir),
		"the link stays, its target is written; what is empty goes")
}

func TestWriteKeepsAttributes(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "a"})
	path := filepath.Join(dir, "a.yaml")
	require.NoError(t, unix.Setxattr(path, "user.who", []byte("me"), 0))
	acl := []byte{2, 0, 0, 0, // version, then tag, permissions, id of each entry: acl(5)
		1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 210, 4, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255,
		16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255}
	require.NoError(t, unix.Setxattr(path, "system.posix_acl_access", acl, 0))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(path, 1234, 1235))
	}
	require.NoError(t, unix.Chmod(path, 0o6640))
	before, err := os.Stat(path)
	require.NoError(t, err)

	set := open(t, dir)
	notes, err := set.Write(context.Background(), grown(set))
	require.NoError(t, err)
	require.Empty(t, notes)
	require.Equal(t, map[string]string{"a.yaml": "a+"}, state(t, dir))
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, before.Mode(), after.Mode())
	was, is := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
	require.Equal(t, []uint32{was.Uid, was.Gid}, []uint32{is.Uid, is.Gid})
	for name, want := range map[string]string{"user.who": "me", "system.posix_acl_access": string(acl)} {
		have := make([]byte, 100)
		n, err := unix.Getxattr(path, name, have)
		require.NoError(t, err)
		require.Equal(t, want, string(have[:n]))
	}
}

// What stands against one file stands against all, and is told before anything is
// written.
func TestWriteRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		says  string
	}{
		"not to be written to": {func(t *testing.T, path string) { require.NoError(t, os.Chmod(path, 0o444)) },
			"can't be written: "},
		"hard link": {func(t *testing.T, path string) { require.NoError(t, os.Link(path, path+".other")) },
			"has 2 names (hard links), and the others would keep the old text"},
		"removed": {func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, "no such file or directory"},
		"made anew": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+".new", []byte("b"), 0o644))
			require.NoError(t, os.Rename(path+".new", path))
		}, "was changed by another process meanwhile; run it again"},
		"changed, with the old size and time": {func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, []byte("x"), 0o644))
			require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
		}, "was changed by another process meanwhile; run it again"},
		"a link now": {func(t *testing.T, path string) {
			require.NoError(t, os.Rename(path, path+".other"))
			require.NoError(t, os.Symlink(path+".other", path))
		}, "was changed by another process meanwhile; run it again"},
		"a folder in the way": {func(t *testing.T, path string) {
			require.NoError(t, os.Mkdir(filepath.Join(filepath.Dir(path), temporaryName(filepath.Base(path))), 0o755))
		}, "the folder " + temporaryName("b.yaml") + " is in the way beside it"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"a.yaml": "a", "b.yaml": "b", "c/c.yaml": "c"})
			path := filepath.Join(dir, "b.yaml")
			if name == "not to be written to" || name == "hard link" {
				c.spoil(t, path)
			}
			set := open(t, dir)
			if name != "not to be written to" && name != "hard link" {
				c.spoil(t, path)
			}
			before := state(t, dir)
			for _, texts := range [][]string{grown(set), {"a+", "", "c"}, {"a+", "b+", ""}} {
				_, err := set.Write(context.Background(), texts)
				require.ErrorContains(t, err, path+": "+c.says)
				require.ErrorContains(t, err, "\nno file was changed")
				require.Equal(t, before, state(t, dir))
			}
		})
	}
}

// A file that is only read counts too: the others' new texts were made from it.
func TestWriteRefusesWhereAnInputChanged(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "a", "b.yaml": "b"})
	set := open(t, dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.yaml"), []byte("bb"), 0o644))
	_, err := set.Write(context.Background(), []string{"new", "b"})
	require.ErrorContains(t, err, "b.yaml: was changed by another process meanwhile")
	require.Equal(t, map[string]string{"a.yaml": "a", "b.yaml": "bb"}, state(t, dir))
}

// What can't be put back is named.
func TestWriteSaysWhatStaysNew(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "a", "b.yaml": "b", "c.yaml": "c"})
	set := open(t, dir)
	w := newTransaction(context.Background(), set, []string{"a+", "", "c+"})
	defer w.closeAll()
	require.NoError(t, w.lockFolders())
	require.NoError(t, w.checkAll(set))
	require.NoError(t, w.prepareAll())
	require.NoError(t, w.swapAll())
	require.NoError(t, os.Remove(filepath.Join(dir, temporaryName("a.yaml"))))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.yaml"), []byte("made meanwhile"), 0o644))
	require.EqualError(t, w.undoAll(), "all files are as they were, but for those that can't be put back:\n"+
		filepath.Join(dir, "b.yaml")+": another process has created it again; its old text is in "+temporaryName("b.yaml")+
		" until the next run\n"+
		filepath.Join(dir, "a.yaml")+": no such file or directory; it has its new text")
	require.Equal(t, map[string]string{"a.yaml": "a+", "b.yaml": "made meanwhile", temporaryName("b.yaml"): "b",
		"c.yaml": "c"}, state(t, dir))
}

// Interrupted, it leaves nothing.
func TestWriteStops(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "a", "b.yaml": "b"})
	set := open(t, dir)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_, err := set.Write(ctx, grown(set))
	require.ErrorContains(t, err, "was interrupted\nno file was changed")
	require.Equal(t, map[string]string{"a.yaml": "a", "b.yaml": "b"}, state(t, dir))
}

func TestReadTakesLeftoversAway(t *testing.T) {
	left, old := temporaryName("a.yaml"), backupName("gone.yaml")
	dir := tree(t, map[string]string{
		"a.yaml": "a", left: "half", "sub/" + old: "old", "sub/b.yaml": "b",
		".outrigger-notes": "mine", "sub/" + temporaryName("x"): "-> b.yaml", temporaryName("folder") + "/c.yaml": "c",
	})
	kept := state(t, dir)
	_, err := Read([]string{dir}, false)
	require.NoError(t, err)
	require.Equal(t, kept, state(t, dir), "who only reads takes nothing away")
	open(t, dir)
	delete(kept, left)
	delete(kept, "sub/"+old)
	require.Equal(t, kept, state(t, dir))

	// a killed strip had taken out one of the files that it was given
	require.NoError(t, os.WriteFile(filepath.Join(dir, temporaryName("gone.yaml")), nil, 0o644))
	set := open(t, filepath.Join(dir, "a.yaml"), filepath.Join(dir, "gone.yaml"))
	require.Len(t, set.Files, 1)
	require.Equal(t, kept, state(t, dir))
	_, err = Read([]string{filepath.Join(dir, "a.yaml"), filepath.Join(dir, "gone.yaml")}, true)
	require.ErrorContains(t, err, "gone.yaml: no such file")
}

// A run that writes is waited for; its temporary files are no leftovers.
func TestReadWaitsForAnother(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "a", temporaryName("a.yaml"): "half"})
	other, err := os.Open(dir)
	require.NoError(t, err)
	locked, err := lockFolder(other)
	require.NoError(t, err)
	require.True(t, locked)
	read := make(chan string, 1)
	go func() {
		set, err := Read([]string{dir}, true)
		read <- fmt.Sprint(set.Files[0].Text, err)
	}()
	require.Never(t, func() bool { return len(read) > 0 }, 100*time.Millisecond, 10*time.Millisecond)
	require.NoError(t, os.Remove(filepath.Join(dir, temporaryName("a.yaml"))))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("new"), 0o644))
	require.NoError(t, other.Close())
	require.Equal(t, "new<nil>", <-read)
}

// Of many at once one wins, and the others say so.
func TestWriteTogether(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.yaml", i)), []byte("old"), 0o644))
	}
	var sets []*Set
	for range 8 {
		sets = append(sets, open(t, dir))
	}
	errs := make([]error, len(sets))
	var ended sync.WaitGroup
	for i, s := range sets {
		ended.Go(func() { _, errs[i] = s.Write(context.Background(), slices.Repeat([]string{fmt.Sprint("by ", i)}, 20)) })
	}
	ended.Wait()
	won := slices.IndexFunc(errs, func(err error) bool { return err == nil })
	require.GreaterOrEqual(t, won, 0)
	for i, err := range errs {
		if i != won {
			require.ErrorContains(t, err, "was changed by another process meanwhile; run it again")
		}
	}
	have := state(t, dir)
	require.Len(t, have, 20)
	for _, text := range have {
		require.Equal(t, fmt.Sprint("by ", won), text)
	}
}

// Somebody who may write to the folder but isn't the file's owner can't give it
// away; that's a note, and no right goes with it.
func TestWriteByAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a file of another user's")
	}
	dir := tree(t, map[string]string{"a.yaml": "a"})
	path := filepath.Join(dir, "a.yaml")
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, unix.Chmod(path, 0o4666))
	for p := filepath.Dir(dir); strings.HasPrefix(p, os.TempDir()) && p != os.TempDir(); p = filepath.Dir(p) {
		require.NoError(t, os.Chmod(p, 0o755))
	}
	out, err := asUser(t, dir)
	require.NoError(t, err, out)
	require.Contains(t, out, "a.yaml: couldn't keep owner 0:0")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o666), info.Mode(), "no set-user-id bit of another")

	require.NoError(t, os.Chown(path, 0, 0))
	require.NoError(t, os.Chmod(path, 0o644))
	out, err = asUser(t, dir)
	require.Error(t, err)
	require.Contains(t, out, "a.yaml: can't be written: permission denied\nno file was changed")
}
