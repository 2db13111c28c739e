package files

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree makes files, and links where a text begins with "-> ", in a new folder.
func tree(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			require.NoError(t, os.Symlink(strings.ReplaceAll(to, "DIR", dir), path))
		} else {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
	}
	return dir
}

// read gives name and text of what is read, and what is said, with the folder as DIR.
func read(t *testing.T, dir string, args ...string) (found, notes []string, errs string) {
	t.Helper()
	real, err := filepath.EvalSymlinks(dir)
	require.NoError(t, err)
	short := func(s string) string { return strings.NewReplacer(dir, "DIR", real, "DIR").Replace(s) }
	paths := make([]string, len(args))
	for i, a := range args {
		paths[i] = filepath.Join(dir, a)
	}
	set, err := Read(paths, false)
	for _, f := range set.Files {
		found = append(found, short(f.Name)+"="+f.Text)
	}
	for _, n := range set.Notes {
		notes = append(notes, short(n))
	}
	if err != nil {
		errs = short(err.Error())
	}
	return found, notes, errs
}

func TestReadFollowsLinksInside(t *testing.T) {
	dir := tree(t, map[string]string{
		"in/a.yaml":         "a",
		"in/again.yaml":     "-> a.yaml",
		"in/abs.yml":        "-> DIR/in/b/b.yaml",
		"in/b/b.yaml":       "b",
		"in/b/up":           "-> ..",
		"in/c":              "-> .hidden",
		"in/.hidden/c.yaml": "c",
		"in/.hidden/own":    "-> .",
		"in/d.txt":          "d",
		"env/x.yaml":        "-> .env",
		"env/.env":          "PASSWORD=geheim",
		"in/e.yaml":         "-> ../also/e.yaml",
		"also/e.yaml":       "e",
		"link":              "-> in",
		"out/bad.yaml":      "-> ../in/a.yaml",
		"out/far":           "-> ../also",
		"out/nothing.yml":   "-> none",
		"out/loop.yaml":     "-> loop.yaml",
		"file.yaml":         "-> in/a.yaml",
	})
	all := []string{"DIR/in/a.yaml=a", "DIR/in/abs.yml=b", "DIR/in/c/c.yaml=c", "DIR/in/e.yaml=e"}
	found, notes, errs := read(t, dir, "in", "also")
	require.Equal(t, all, found, "each once, by the name by which it's reached first")
	require.Empty(t, notes)
	require.Empty(t, errs)

	found, _, errs = read(t, dir, "link", "also", "in/a.yaml", "in")
	require.Equal(t, strings.ReplaceAll(strings.Join(all, " "), "DIR/in", "DIR/link"), strings.Join(found, " "),
		"a link to a folder as argument is the folder")
	require.Empty(t, errs)

	found, _, errs = read(t, dir, "file.yaml")
	require.Equal(t, []string{"DIR/file.yaml=a"}, found, "inside the folder of the link that is named")
	require.Empty(t, errs)

	_, notes, errs = read(t, dir, "out")
	require.Equal(t, []string{"DIR/out/far: skipped: is a link to the folder DIR/also, outside of the given ones"}, notes)
	require.Equal(t, "DIR/out/bad.yaml: is a link to DIR/in/a.yaml, outside of the given folders; "+
		"give that file or its folder, too, or remove the link\n"+
		"DIR/out/loop.yaml: is a broken link: it leads to itself\n"+
		"DIR/out/nothing.yml: is a broken link: no such file or directory", errs, "all at once")

	_, _, errs = read(t, dir, "out/bad.yaml", "none.yaml")
	require.Equal(t, "DIR/out/bad.yaml: is a link to DIR/in/a.yaml, outside of the given folders; "+
		"give that file or its folder, too, or remove the link\nDIR/none.yaml: no such file or directory", errs)
	for _, arg := range []string{"env", "env/x.yaml"} {
		found, _, errs = read(t, dir, arg)
		require.Empty(t, found)
		require.Equal(t, "DIR/env/x.yaml: is a link to DIR/env/.env, which isn't a .yaml or .yml file; rename that "+
			"file, or name it as an argument", errs)
	}
	found, _, errs = read(t, dir, "out/bad.yaml", "in")
	require.Equal(t, []string{"DIR/out/bad.yaml=a", "DIR/in/abs.yml=b", "DIR/in/c/c.yaml=c"}, found,
		"the link leads inside of a folder that is given now")
	require.Contains(t, errs, "DIR/in/e.yaml: is a link to DIR/also/e.yaml, outside")
}

// What is no regular file isn't even opened: a FIFO has no end, and neither has a device.
func TestReadRegularFilesOnly(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "a", "zero.yaml": "-> /dev/zero", "sub/x": ""})
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "sub/fifo.yaml"), 0o644))
	require.NoError(t, os.Symlink("fifo.yaml", filepath.Join(dir, "sub/link.yaml")))
	t.Chdir(filepath.Join(dir, "sub")) // the path of a socket is short
	l, err := net.Listen("unix", "socket.yaml")
	require.NoError(t, err)
	defer l.Close()

	found, notes, errs := read(t, dir, ".")
	require.Equal(t, []string{"DIR/a.yaml=a"}, found)
	require.Equal(t, []string{
		"DIR/sub/fifo.yaml: skipped: is a FIFO; only regular files are read",
		"DIR/sub/socket.yaml: skipped: is a socket; only regular files are read",
	}, notes, "a link to it is the same file")
	require.Equal(t, "DIR/zero.yaml: is a link to /dev/zero, outside of the given folders; "+
		"give that file or its folder, too, or remove the link", errs)
	for arg, is := range map[string]string{"sub/fifo.yaml": "a FIFO", "sub/link.yaml": "a FIFO",
		"sub/socket.yaml": "a socket", "zero.yaml": "a device"} {
		_, _, errs := read(t, dir, arg)
		require.Equal(t, "DIR/"+arg+": is "+is+"; give regular files, or no path for standard input",
			errs)
	}
}

// A name that would break a report, or draw on a terminal, is told in quotes.
// kubectl reads more of a folder than we do: what looks like a workload there is told.
func TestReadTellsWhatKubectlApplies(t *testing.T) {
	const workload = `{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": {"containers": []}}}}`
	dir := tree(t, map[string]string{
		"in/a.yaml":             "a",
		"in/b.json":             workload,
		"in/c.json":             `{"name": "package"}`,
		"in/d.json":             "-> b.json",
		"in/e.txt":              workload,
		"in/.hidden/f.yaml":     workload,
		"in/.hidden/g/h.json":   workload,
		"in/.hidden/i.yaml":     "on: push",
		"in/.git/j.yaml":        workload,
		"in/.linked/k.yaml":     workload,
		"in/link":               "-> .linked",
		"in/.hidden/l/m.ignore": workload,
	})
	found, notes, errs := read(t, dir, "in")
	require.Empty(t, errs)
	require.Len(t, found, 3)
	require.Equal(t, "DIR/in/b.json="+workload, found[1])
	const applied = ", though kubectl would apply it; name it as an argument if it's a manifest"
	require.Equal(t, []string{
		"DIR/in/.hidden/f.yaml: skipped: is in a hidden folder" + applied,
		"DIR/in/.hidden/g/h.json: skipped: is in a hidden folder" + applied,
		"DIR/in/d.json: skipped: is a link" + applied,
	}, notes)
	found, notes, errs = read(t, dir, "in", "in/c.json", "in/.hidden")
	require.Empty(t, errs)
	require.Len(t, found, 7)
	require.Len(t, notes, 1, "what is given itself is read")
}

func TestReadOddNames(t *testing.T) {
	for name, says := range map[string]string{
		"a\nb.yaml":       `DIR/a\nb.yaml"`,
		"\x1b[2J.yaml":    `DIR/\x1b[2J.yaml"`,
		"a\u202elmay.yml": `DIR/a\u202elmay.yml"`,
		"caf\xe9.yaml":    `DIR/caf\xe9.yaml"`,
		"x\r/y.yaml":      `DIR/x\r/y.yaml"`,
	} {
		_, _, errs := read(t, tree(t, map[string]string{name: "a"}), ".")
		require.Equal(t, `"`+says+": has a character in its name that can't be printed; rename it", errs)
		_, _, errs = read(t, tree(t, map[string]string{name: "-> /etc/passwd"}), ".")
		require.True(t, strings.HasPrefix(errs, `"`+says+": is a link to /etc/passwd, outside"), errs)
	}
	found, _, errs := read(t, tree(t, map[string]string{"größe 漢字 👩‍🚀.yaml": "a"}), ".")
	require.Len(t, found, 1)
	require.Empty(t, errs)
}

func TestReadBounds(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "huge.yaml"))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(1<<40)) // takes no room
	require.NoError(t, f.Close())
	_, _, errs := read(t, dir, ".")
	require.Equal(t, "DIR/huge.yaml: has 1048576 MB, but at most 1024 are read", errs)

	dir = t.TempDir()
	deep := filepath.Join(dir, strings.Repeat("d/", deepest))
	require.NoError(t, os.MkdirAll(deep, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(deep, "a.yaml"), []byte("a"), 0o644))
	found, _, errs := read(t, dir, ".")
	require.Len(t, found, 1)
	require.Empty(t, errs)
	require.NoError(t, os.MkdirAll(filepath.Join(deep, "d/d/d"), 0o755))
	_, _, errs = read(t, dir, ".")
	require.Contains(t, errs, "/d/d: folders are nested more than 100 deep")
}

func TestReadDocument(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "a", "long.yaml": strings.Repeat("#", maxDocument+1)})
	text, err := ReadDocument(filepath.Join(dir, "a.yaml"))
	require.NoError(t, err)
	require.Equal(t, "a", string(text))

	fifo := filepath.Join(dir, "fifo") // as a shell makes it for <(...)
	require.NoError(t, syscall.Mkfifo(fifo, 0o644))
	go func() { _ = os.WriteFile(fifo, []byte("from a pipe"), 0) }()
	text, err = ReadDocument(fifo)
	require.NoError(t, err)
	require.Equal(t, "from a pipe", string(text))

	_, err = ReadDocument("/dev/zero")
	require.EqualError(t, err, "/dev/zero: is a device; give a file with the Sidecars document")
	_, err = ReadDocument(dir)
	require.EqualError(t, err, dir+": is a folder; give a file with the Sidecars document")
	_, err = ReadDocument(filepath.Join(dir, "long.yaml"))
	require.ErrorContains(t, err, "long.yaml: isn't a valid Sidecars document: it has more than 10 MB")
	_, err = ReadDocument(filepath.Join(dir, "none.yaml"))
	require.EqualError(t, err, filepath.Join(dir, "none.yaml")+": no such file or directory")
}

// Whoever swaps a file for a link or a FIFO while it's read gets nothing read from
// outside, and nobody waits.
func TestReadWhileSwapped(t *testing.T) {
	dir := tree(t, map[string]string{"in/sub/a.yaml": "a", "in/sub/b.yaml": "b", "out/sub/a.yaml": "geheim",
		"out/sub/b.yaml": "geheim"})
	sub, stop, ended := filepath.Join(dir, "in/sub"), make(chan struct{}), make(chan struct{})
	swap := func(path string, with func(path string) error) {
		_ = os.Rename(path, path+".was")
		_ = with(path)
		_ = os.Remove(path)
		_ = os.Rename(path+".was", path)
	}
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
			}
			a := filepath.Join(sub, "a.yaml")
			swap(a, func(path string) error { return os.Symlink(filepath.Join(dir, "out/sub/a.yaml"), path) })
			swap(a, func(path string) error { return os.Symlink("/dev/zero", path) })
			swap(a, func(path string) error { return syscall.Mkfifo(path, 0o644) })
			swap(sub, func(path string) error { return os.Symlink(filepath.Join(dir, "out/sub"), path) })
			swap(sub, func(path string) error { return syscall.Mkfifo(path, 0o644) })
		}
	}()
	whole := 0
	for range 2000 {
		set, err := Read([]string{filepath.Join(dir, "in")}, false)
		for _, f := range set.Files {
			require.Contains(t, []string{"a", "b"}, f.Text)
		}
		if err == nil && len(set.Files) == 2 {
			whole++
		}
	}
	close(stop)
	<-ended
	require.Positive(t, whole)
}
