// Package image tests the container image as real runners use it: podman with
// the command lines of kustomize and kpt, and kustomize and kpt themselves.
package image

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// Name is a name which nobody but tests ever gives to an image.
const Name = "ghcr.io/outrigger-dev/outrigger:e2e"

// callsVar names the file in which the stand-ins note what they were called with.
const callsVar = "OUTRIGGER_E2E_CALLS"

//go:embed containers.conf
var conf string

// Build builds the image into a storage of its own, so that a person's images
// stay as they are, and puts stand-ins for docker and podman into PATH: runners
// find the image with them. All that is in dir. It returns the real podman.
func Build(dir string) (podman string, err error) {
	if podman, err = exec.LookPath("podman"); err != nil {
		return "", errors.New("these tests need podman and runc: make install")
	}
	standIn := fmt.Sprintf("#!/bin/sh\necho \"$*\" >>\"${%s:-/dev/null}\"\nexec '%s' \"$@\"\n", callsVar, podman)
	storage := fmt.Sprintf("[storage]\ndriver = \"vfs\"\ngraphroot = %q\nrunroot = %q\n", dir+"/images", dir+"/run")
	for name, text := range map[string]string{
		"storage.conf": storage, "containers.conf": conf, "docker": standIn, "podman": standIn} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			return "", err
		}
	}
	os.Setenv("CONTAINERS_CONF", dir+"/containers.conf")
	os.Setenv("CONTAINERS_STORAGE_CONF", dir+"/storage.conf")
	if _, err := made.Make("image", "DOCKER="+podman, "IMAGE="+Name); err != nil {
		return "", err
	}
	version := exec.Command(podman, "run", "--rm", "--network", "none", Name, "version")
	if out, err := version.CombinedOutput(); err != nil {
		return "", fmt.Errorf("podman can't run the image on this machine, so nothing can be said of it: %w\n%s", err, out)
	}
	return podman, os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}
