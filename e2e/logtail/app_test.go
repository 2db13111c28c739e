package logtail

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const user = 1000 // the app's

// A log is a file that an app writes, numbered line by line, and nobody else may read.
type log struct {
	t     *testing.T
	name  string
	file  *os.File
	lines []string
}

func write(t *testing.T, dir, name string) *log {
	t.Helper()
	l := &log{t: t, name: filepath.Join(dir, name)}
	l.create()
	t.Cleanup(func() { _ = l.file.Close() })
	return l
}

func (l *log) create() {
	l.t.Helper()
	f, err := os.OpenFile(l.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	require.NoError(l.t, err)
	require.NoError(l.t, f.Chown(user, user))
	if l.file != nil {
		require.NoError(l.t, l.file.Close())
	}
	l.file = f
}

// more writes lines.
func (l *log) more(n int) {
	l.t.Helper()
	for range n {
		line := fmt.Sprintf("%s %d", filepath.Base(l.name), len(l.lines)+1)
		_, err := l.file.WriteString(line + "\n")
		require.NoError(l.t, err)
		l.lines = append(l.lines, line)
	}
}

func (l *log) last() string { return l.lines[len(l.lines)-1] }

// rename rotates by another name: the app writes on to the old file until it's told.
func (l *log) rename(to string) {
	l.t.Helper()
	require.NoError(l.t, os.Rename(l.name, filepath.Join(filepath.Dir(l.name), to)))
	l.more(2)
	l.create()
}

// truncate rotates by copying.
func (l *log) truncate(to string) {
	l.t.Helper()
	raw, err := os.ReadFile(l.name)
	require.NoError(l.t, err)
	require.NoError(l.t, os.WriteFile(filepath.Join(filepath.Dir(l.name), to), raw, 0o640))
	require.NoError(l.t, os.Truncate(l.name, 0))
}

// remove begins a new file.
func (l *log) remove() {
	l.t.Helper()
	require.NoError(l.t, os.Remove(l.name))
	l.more(2)
	l.create()
}
