package argocd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/program"
)

// startReal starts the real server in the image, with the command of the patch, and waits for its socket.
func (s *server) startReal(t *testing.T, command []string) {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	c.Dir, c.Env = "/", s.env
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: s.root, Credential: &s.user, Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Kill() // it ignores other signals while nobody asks
		_ = c.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	require.Eventually(t, func() bool { return isSocket(s.socket()) }, pod.Patience, 10*time.Millisecond)
}

func (s *server) socket() string { return filepath.Join(s.root, sockets, s.Metadata.Name+".sock") }

func isSocket(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Type() == os.ModeSocket
}

// askReal asks the real server what the repo-server asks: whether the plugin is for an app, and its objects.
func (s *server) askReal(t *testing.T, repository, app string, env []string) program.Result {
	t.Helper()
	args := append([]string{"ask", s.socket(), repository, filepath.Join(repository, app)}, env...)
	return program.Run(t, "", s.real, args...)
}
