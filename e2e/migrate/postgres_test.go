package migrate

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/servers"
)

const password = "a password"

// postgres runs a real one with an empty database.
func postgres(t *testing.T) {
	t.Helper()
	servers.StartPostgres(t, servers.Postgres{User: "shop", Password: password})
}

// query asks the database.
func query(t *testing.T, sql string) string {
	t.Helper()
	cmd := exec.Command("psql", "-h", "127.0.0.1", "-p", "5432", "-U", "shop", "-d", "postgres", "-w", "-Atc", sql)
	cmd.Env = append(os.Environ(), "PGCONNECT_TIMEOUT=50", "PGPASSWORD="+password)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}
