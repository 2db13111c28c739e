package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/fn/cli"
)

func TestReferenceIsCurrent(t *testing.T) {
	have, err := os.ReadFile("../../../docs/cli.md")
	require.NoError(t, err)
	require.Equal(
		t,
		string(writeReference(cli.Command())),
		string(have),
		"docs/cli.md is out of date; run: go generate ./fn/cli",
	)
}
