package admission_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/fn/cli"
)

var update = flag.Bool("update", false, "write testdata instead of comparing with it")

// Policies of examples are as expected. What they do is tested by e2e/oracle, with the API server's own plugin.
func TestGolden(t *testing.T) {
	for _, example := range []string{"elasticsearch-tls", "elasticsearch-complete", "every-pod"} {
		t.Run(example, func(t *testing.T) {
			dir := "../../examples/" + example
			var out, stderr bytes.Buffer
			code := cli.Run(cli.Build{}, []string{"outrigger", "policy", "-q", "-c", dir + "/sidecars", dir + "/base"},
				strings.NewReader(""), &out, &stderr)
			require.Zero(t, code, stderr.String())
			file := filepath.Join("testdata", example+".yaml")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
			}
			want, _ := os.ReadFile(file)
			require.Equal(t, string(want), out.String(), "go test ./pkg/admission -run Golden -update writes it")
		})
	}
}
