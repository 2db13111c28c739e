package nearest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/nearest"
)

// A slip of the pen is told from another word.
func TestName(t *testing.T) {
	names := []string{"tlsProxy", "authProxy", "migrate", "port", "ports"}
	for word, want := range map[string]string{
		"tls-proxy": "tlsProxy", "TLSPROXY": "tlsProxy", "authPorxy": "authProxy", "migarte": "migrate", "prot": "port",
		"portz": "port", "exporter": "", "": "", "xy": "",
		"portNumber": "port", "migrate-first": "migrate", "portfolio": "", // another word behind a name
	} {
		require.Equal(t, want, nearest.Name(word, names), word)
	}
}
