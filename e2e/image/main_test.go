// Package image tests the container image as real runners use it: podman with
// the command lines of kustomize and kpt, and kustomize and kpt themselves.
package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// image is the name in testdata, which nobody but these tests ever gives to an image.
const image = "ghcr.io/outrigger-dev/outrigger:e2e"

// The slowest of all commands takes two seconds on an idle machine.
const patience = 2 * time.Minute

var podman string // the real one

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "outrigger-image-")
		if err != nil {
			return fail(err)
		}
		defer os.RemoveAll(dir)
		if err := prepare(dir); err != nil {
			return fail(err)
		}
		return m.Run()
	}())
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// prepare builds the image into a storage of its own, so that a person's images
// stay as they are, and puts the stand-ins into PATH.
func prepare(dir string) error {
	var err error
	if podman, err = exec.LookPath("podman"); err != nil {
		return errors.New("these tests need podman and runc: make install")
	}
	storage := fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", dir+"/images", dir+"/run")
	if err := os.WriteFile(dir+"/storage.conf", []byte(storage), 0o644); err != nil {
		return err
	}
	conf, err := filepath.Abs("containers.conf")
	if err != nil {
		return err
	}
	os.Setenv("CONTAINERS_CONF", conf)
	os.Setenv("CONTAINERS_STORAGE_CONF", dir+"/storage.conf")

	bin, err := made.Make("image", "bin/kustomize", "DOCKER="+podman, "IMAGE="+image)
	if err != nil {
		return err
	}
	version := exec.Command(podman, "run", "--rm", "--network", "none", image, "version")
	if out, err := version.CombinedOutput(); err != nil {
		return fmt.Errorf("podman can't run the image on this machine, so nothing can be said of it: %w\n%s", err, out)
	}

	standIn := fmt.Sprintf("#!/bin/sh\necho \"$*\" >>\"${%s:-/dev/null}\"\nexec '%s' \"$@\"\n", callsVar, podman)
	for _, name := range []string{"docker", "podman"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(standIn), 0o755); err != nil {
			return err
		}
	}
	return os.Setenv("PATH", strings.Join([]string{dir, bin, os.Getenv("PATH")}, string(os.PathListSeparator)))
}

// result is how a program ended.
type result struct {
	stdout, stderr string
	code           int
}

// run runs a program to its end.
func run(t *testing.T, stdin, name string, args ...string) result {
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
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// callsVar names the file in which the stand-ins note what they were called with.
const callsVar = "OUTRIGGER_E2E_CALLS"

// calls notes from now on what the stand-ins for docker and podman are called
// with, and gives a function that tells which containers were run.
func calls(t *testing.T) (runs func() []string) {
	file := filepath.Join(t.TempDir(), "calls")
	t.Setenv(callsVar, file)
	return func() []string {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(b)), "\n"), func(call string) bool {
			return !strings.HasPrefix(call, "run ") // kpt asks for the version first
		})
	}
}
