package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// otherKustomize names a variable with the path of another kustomize: e2e/runners runs these tests with several.
const otherKustomize = "OUTRIGGER_KUSTOMIZE"

// TestMain makes the test binary act as the program when kustomize runs it under the name
// outrigger, first in PATH, or as a plugin.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); name == "outrigger" || name == pluginName {
		os.Exit(Run(testBuild, os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	debug.SetGCPercent(400) // a third less CPU: builds make much garbage, and little of it at a time
	os.Exit(tests(m))
}

func tests(m *testing.M) int {
	self, err := os.Executable()
	dir, err2 := os.MkdirTemp("", "outrigger")
	if err != nil || err2 != nil || os.Symlink(self, filepath.Join(dir, "outrigger")) != nil {
		fmt.Fprintln(os.Stderr, "the test binary can't be linked:", err, err2)
		return 1
	}
	defer os.RemoveAll(dir)
	if other := os.Getenv(otherKustomize); other != "" {
		if err := os.Symlink(other, filepath.Join(dir, "kustomize")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	bin, err := filepath.Abs("../../bin") // the pinned kustomize
	if err != nil {
		return 1
	}
	os.Setenv("PATH", strings.Join([]string{dir, bin, os.Getenv("PATH")}, string(os.PathListSeparator)))
	return m.Run()
}

// testBuild is the build that tests run.
var testBuild = Build{Version: "test", Commit: "c0ffee-dirty"}

// call runs the program in this process.
func call(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = Run(testBuild, append([]string{"outrigger"}, args...), strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

const sidecars = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment, name: web}]
  patterns:
    - tlsProxy:
        port: 8080
        secretName: web-tls
        rebind: {port: 8081, env: {LISTEN: "127.0.0.1:8081"}}
`

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1 # pinned
          ports: [{name: http, containerPort: 8080}]
`

// file writes a text into the test's own folder.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o640))
	return path
}
