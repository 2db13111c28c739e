//go:build cluster

package cluster

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

var (
	tools = os.Getenv("CLUSTER") // the folder of the cluster's programs
	bin   string
	built string // the programs of these tests
)

func TestMain(m *testing.M) {
	if _, err := os.Stat(filepath.Join(tools, "kc")); err != nil {
		fmt.Fprintln(os.Stderr, "e2e/cluster: there is no cluster: CLUSTER must name the folder of its programs kc and in")
		os.Exit(1)
	}
	var err error
	if bin, err = made.Make("build", "bin/kustomize", "bin/ghostunnel", "bin/migrate", "bin/oauth2-proxy", "bin/otelcol", "bin/vault"); err == nil {
		built, err = os.MkdirTemp("", "outrigger-cluster")
	}
	if err == nil {
		cmd := exec.Command("go", "build", "-o", built+"/", "./app", "./load")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		var out []byte
		if out, err = cmd.CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e/cluster:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

// run runs a program and gives what it writes.
func run(stdin string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// A namespace of the cluster.
type namespace struct {
	t    *testing.T
	name string
}

// newNamespace has Pod Security's strictest level.
func newNamespace(t *testing.T) *namespace {
	t.Helper()
	return newNamespaceAt(t, "restricted")
}

func newNamespaceAt(t *testing.T, level string) *namespace {
	t.Helper()
	n := &namespace{
		t,
		"outrigger-" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(strings.TrimPrefix(t.Name(), "Test"))),
	}
	_, _ = run(
		"",
		filepath.Join(tools, "kc"),
		"delete",
		"namespace",
		n.name,
		"--ignore-not-found",
		"--wait",
		"--timeout=60s",
	)
	n.apply(
		"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + n.name + "\n  labels: {pod-security.kubernetes.io/enforce: " + level + "}\n",
	)
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := run("", filepath.Join(tools, "kc"), "-n", n.name, "describe", "pods")
			t.Log(out)
			for pod := range strings.FieldsSeq(n.kc("get", "pods", "-o", "name")) {
				out, _ := run(
					"",
					filepath.Join(tools, "kc"),
					"-n",
					n.name,
					"logs",
					"--all-containers",
					"--prefix",
					"--tail=20",
					pod,
				)
				t.Log(out)
			}
		}
		_, err := run("", filepath.Join(tools, "kc"), "delete", "namespace", n.name, "--wait=false")
		require.NoError(t, err)
	})
	return n
}

func (n *namespace) kc(args ...string) string {
	n.t.Helper()
	out, err := run("", filepath.Join(tools, "kc"), append([]string{"-n", n.name}, args...)...)
	require.NoError(n.t, err)
	return strings.TrimSpace(out)
}

func (n *namespace) apply(manifests string) {
	n.t.Helper()
	args := []string{"apply", "--server-side", "--validate=strict", "-f", "-"}
	if !strings.Contains(manifests, "kind: Namespace") {
		args = append([]string{"-n", n.name}, args...)
	}
	_, err := run(manifests, filepath.Join(tools, "kc"), args...)
	require.NoError(n.t, err)
}

// inject renders manifests with a config, and applies them.
func (n *namespace) inject(config, manifests string) {
	n.t.Helper()
	file := filepath.Join(n.t.TempDir(), "sidecars.yaml")
	require.NoError(n.t, os.WriteFile(file, []byte(config), 0o600))
	out, err := run(manifests, filepath.Join(bin, "outrigger"), "inject", "-c", file)
	require.NoError(n.t, err)
	n.apply(out)
}

// rolledOut waits for a Deployment.
func (n *namespace) rolledOut(name string) {
	n.t.Helper()
	n.kc("rollout", "status", "deployment/"+name, "--timeout=90s")
}

// curl gives the status of a request from the node, with names of the cluster.
func (n *namespace) curl(args ...string) string {
	out, _ := run(
		"",
		filepath.Join(tools, "in"),
		append([]string{"curl", "-s", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}"}, args...)...)
	return out
}

// becomes polls: the network follows pods up to a second later.
func becomes(t *testing.T, what, want string, get func() string) {
	t.Helper()
	becomesWithin(t, 20*time.Second, what, want, get)
}

func becomesWithin(t *testing.T, bound time.Duration, what, want string, get func() string) {
	t.Helper()
	got := ""
	for deadline := time.Now().Add(bound); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		if got = get(); got == want {
			return
		}
	}
	require.Equal(t, want, got, what)
}
