package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A screen is what a program prints on a terminal.
type screen struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.String()
}

// On a terminal, a run that waits for its input says so, and takes that away at the end; in a pipe and in CI it says
// nothing of it.
func TestProgress(t *testing.T) {
	conf := file(t, "sidecars.yaml", waits)
	for name, c := range map[string]struct {
		command string
		ci      string
		shown   bool
	}{
		"terminal": {"outrigger inject -c " + conf + " < FIFO > /dev/null", "", true},
		"quiet":    {"outrigger inject -q -c " + conf + " < FIFO > /dev/null; echo done", "", false},
		"pipe":     {"outrigger inject -c " + conf + " < FIFO 2>&1 > /dev/null | cat", "", false},
		"CI":       {"outrigger inject -c " + conf + " < FIFO > /dev/null", "true", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TERM", "xterm")
			t.Setenv("CI", c.ci)
			fifo := filepath.Join(t.TempDir(), "fifo")
			require.NoError(t, syscall.Mkfifo(fifo, 0o600))
			var out screen
			cmd := exec.Command("script", "-qec", strings.ReplaceAll(c.command, "FIFO", fifo), "/dev/null")
			cmd.Stdout = &out
			require.NoError(t, cmd.Start())
			to, err := os.OpenFile(fifo, os.O_WRONLY, 0) // waits for the reader
			require.NoError(t, err)
			if c.shown {
				require.Eventually(t, func() bool { return strings.Contains(out.String(), "reading manifests, 1 s") },
					30*time.Second, 10*time.Millisecond)
			}
			_, err = to.WriteString(web)
			require.NoError(t, err)
			require.NoError(t, to.Close())
			require.NoError(t, cmd.Wait(), out.String())
			_, after, erased := strings.Cut(out.String(), "\r\x1b[K")
			require.Equal(t, c.shown, erased, "%q", out.String())
			if erased {
				parts := strings.Split(after, "\r\x1b[K")
				after = parts[len(parts)-1]
			} else {
				after = out.String()
			}
			require.NotContains(t, after, "reading")
			if name != "quiet" {
				require.True(t, strings.HasPrefix(after, "Deployment web: wait-for "), "%q", after)
			}
		})
	}
}
