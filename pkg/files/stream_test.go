package files

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A text comes whole, whether through a pipe, as runners do, or from a file.
func TestReadStream(t *testing.T) {
	want := strings.Repeat("some text, longer than a pipe holds at once\n", 1<<16)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	go func() {
		_, _ = w.WriteString(want)
		w.Close()
	}()
	have, err := ReadStream(r)
	require.NoError(t, err)
	require.Equal(t, want, have)

	have, err = ReadStream(openFile(t, want))
	require.NoError(t, err)
	require.Equal(t, want, have)

	have, err = ReadStream(strings.NewReader(want))
	require.NoError(t, err)
	require.Equal(t, want, have)

	for _, blank := range []string{"", " \n\r\n\t"} {
		_, err = ReadStream(strings.NewReader(blank))
		require.ErrorIs(t, err, ErrEmpty)
	}

	dir, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	_, err = ReadStream(dir)
	require.ErrorContains(t, err, "standard input can't be read: ")
}

func openFile(t *testing.T, text string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stream")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// What has no end, as a device, is an error before memory ends.
func TestReadUpTo(t *testing.T) {
	text, err := readUpTo(strings.NewReader("1234"), 4)
	require.NoError(t, err)
	require.Equal(t, "1234", text)
	_, err = readUpTo(strings.NewReader("12345"), 4)
	require.EqualError(t, err, "it has more than 4 bytes, and maybe no end")
	for _, most := range []int{4, 1 << 20, 1<<21 + 5} {
		zero, err := os.Open("/dev/zero")
		require.NoError(t, err)
		defer zero.Close()
		_, err = readUpTo(zero, most)
		require.ErrorContains(t, err, "and maybe no end")
	}
	f := openFile(t, "1234")
	text, err = readUpTo(f, 4)
	require.NoError(t, err)
	require.Equal(t, "1234", text)
}
