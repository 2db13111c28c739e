package servers

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

// A Postgres is an empty database server on port 5432.
type Postgres struct {
	Address        string // default: 127.0.0.1
	User, Password string // of the only account, which owns everything
	Files          map[string]string
	Args           []string // further ones; files lie in the working directory
}

// StartPostgres runs a server and waits until it accepts connections.
func StartPostgres(t testing.TB, p Postgres) {
	t.Helper()
	found, err := user.Lookup("postgres") // the server refuses to run as root
	require.NoError(t, err)
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	require.NoError(t, err)
	dir, err := os.MkdirTemp(pod.Roots, "postgres")
	require.NoError(t, err)
	writeFiles(t, dir, p.Files)
	writeFiles(t, dir, map[string]string{"password": p.Password})
	files, err := filepath.Glob(dir + "/*")
	require.NoError(t, err)
	for _, file := range append(files, dir) {
		require.NoError(t, os.Chown(file, int(uid), int(gid)))
	}
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	require.NotEmpty(t, bins)
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bins[len(bins)-1], name), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		return cmd
	}
	init := []string{"-D", "data", "-U", p.User, "-A", "scram-sha-256", "--pwfile=password", "--no-sync"}
	out, err := command("initdb", init...).CombinedOutput()
	require.NoError(t, err, string(out))
	address := "127.0.0.1"
	if p.Address != "" {
		address = p.Address
	}
	args := append([]string{"-D", "data", "-k", "", "-h", address, "-p", "5432", "-c", "fsync=off"}, p.Args...)
	server := Start(t, command("postgres", args...), syscall.SIGQUIT) // at once, with all of its processes
	pod.Poll(t, "postgres to be ready", func() bool {
		return strings.Contains(server.Log.String(), "ready to accept connections")
	})
}

func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}
