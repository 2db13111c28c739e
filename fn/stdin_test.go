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
