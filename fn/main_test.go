package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain makes the test binary the program itself where kustomize runs it:
// under the name outrigger, first in PATH.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "outrigger" {
		main()
	}
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
	bin, err := filepath.Abs("../bin") // the pinned kustomize
	if err != nil {
		return 1
	}
	os.Setenv("PATH", strings.Join([]string{dir, bin, os.Getenv("PATH")}, string(os.PathListSeparator)))
	return m.Run()
}

// call runs the program in this process.
func call(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &err)
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

// list makes a ResourceList of objects and a config.
func list(config string, objects ...string) string {
	var b strings.Builder
	b.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for _, o := range objects {
		b.WriteString("- " + strings.ReplaceAll(strings.TrimSpace(o), "\n", "\n  ") + "\n")
	}
	if config != "" {
		b.WriteString("functionConfig:\n  " + strings.ReplaceAll(strings.TrimSpace(config), "\n", "\n  ") + "\n")
	}
	return b.String()
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"help", "--help", "-h"} { // kpt fn doc runs --help and reads standard output
		code, out, err := call("", arg)
		require.Zero(t, code)
		require.Contains(t, out, "outrigger inject -c FILE")
		require.Empty(t, err)
	}
	code, out, _ := call("", "version")
	require.Zero(t, code)
	require.Equal(t, version+"\n", out)
	code, out, err := call("", "injct")
	require.Equal(t, 1, code)
	require.Empty(t, out)
	require.Contains(t, err, `there is no command "injct"`)
}

func TestSchema(t *testing.T) {
	code, out, _ := call("", "schema")
	require.Zero(t, code)
	require.Contains(t, out, `"tlsProxy"`)
}
