// Package program runs programs to their end.
package program

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The slowest of all commands takes a few seconds on an idle machine.
const patience = 2 * time.Minute

// A Result is how a program ended.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Run runs a program with a standard input.
func Run(t *testing.T, stdin, name string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	cmd.WaitDelay = time.Second // its children may hold the pipes
	err := cmd.Run()
	require.NoError(t, ctx.Err(), "%s %s: %s", name, args, &stderr)
	if _, ended := errors.AsType[*exec.ExitError](err); !ended {
		require.NoError(t, err)
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// Output runs a program that must end well, and returns its output.
func Output(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	got := Run(t, stdin, name, args...)
	require.Zero(t, got.Code, "%s %s: %s", name, args, got.Stderr)
	return got.Stdout
}
