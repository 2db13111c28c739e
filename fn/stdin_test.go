package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A text comes whole, by whatever way: runners use pipes, people files.
func TestReadAll(t *testing.T) {
	want := strings.Repeat("some text, longer than a pipe holds at once\n", 1<<16)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	go func() {
		_, _ = w.WriteString(want)
		w.Close()
	}()
	have, err := readAll(r)
	require.NoError(t, err)
	require.Equal(t, want, have)

	f, err := os.Open(file(t, "long.yaml", want))
	require.NoError(t, err)
	defer f.Close()
	have, err = readAll(f)
	require.NoError(t, err)
	require.Equal(t, want, have)

	have, err = readAll(strings.NewReader(want))
	require.NoError(t, err)
	require.Equal(t, want, have)

	dir, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	_, err = readAll(dir)
	require.Error(t, err)
}

// What has no end, as a device, is an error before memory ends.
func TestReadUpTo(t *testing.T) {
	text, err := readUpTo(strings.NewReader("1234"), 4)
	require.NoError(t, err)
	require.Equal(t, "1234", text)
	_, err = readUpTo(strings.NewReader("12345"), 4)
	require.EqualError(t, err, "there are more than 4 bytes, and maybe no end")
	for _, most := range []int{4, 1 << 20, 1<<21 + 5} {
		zero, err := os.Open("/dev/zero")
		require.NoError(t, err)
		defer zero.Close()
		_, err = readUpTo(zero, most)
		require.ErrorContains(t, err, "and maybe no end")
	}
	f, err := os.Open(file(t, "four", "1234"))
	require.NoError(t, err)
	defer f.Close()
	text, err = readUpTo(f, 4)
	require.NoError(t, err)
	require.Equal(t, "1234", text)
}
