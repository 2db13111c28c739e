//go:build cluster

package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
	test := strings.NewReplacer("/", "-", "_", "-").Replace(strings.TrimPrefix(t.Name(), "Test"))
	n := &namespace{t, "outrigger-" + strings.ToLower(test)}
	_, _ = kubectl("delete", "namespace", n.name, "--ignore-not-found", "--wait", "--timeout=60s")
	n.apply(fmt.Sprintf(`apiVersion: v1
kind: Namespace
metadata:
  name: %s
  labels: {pod-security.kubernetes.io/enforce: %s}
`, n.name, level))
	t.Cleanup(func() {
		if t.Failed() {
			n.describe()
		}
		_, err := kubectl("delete", "namespace", n.name, "--wait=false")
		require.NoError(t, err)
	})
	return n
}

// describe logs how the pods are, and the end of what they wrote.
func (n *namespace) describe() {
	n.t.Log(n.try("describe", "pods"))
	for pod := range strings.FieldsSeq(n.try("get", "pods", "-o", "name")) {
		n.t.Log(n.try("logs", "--all-containers", "--prefix", "--tail=20", pod))
	}
}

// kc runs kubectl in the namespace.
func (n *namespace) kc(args ...string) string {
	n.t.Helper()
	out, err := kubectl(append([]string{"-n", n.name}, args...)...)
	require.NoError(n.t, err)
	return strings.TrimSpace(out)
}

// try runs a command of kubectl that may fail.
func (n *namespace) try(args ...string) string {
	out, _ := kubectl(append([]string{"-n", n.name}, args...)...)
	return out
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

// completes waits for a Job.
func (n *namespace) completes(job string) {
	n.t.Helper()
	n.kc("wait", "--for=condition=complete", "job/"+job, "--timeout=90s")
}

// restart replaces all pods of a Deployment.
func (n *namespace) restart(name string) {
	n.t.Helper()
	n.kc("rollout", "restart", "deployment/"+name)
	n.rolledOut(name)
}

// remove deletes a Deployment, waits until pods are gone, and logs how long that took. The pods are those that kubectl
// selects, as with -l or --all.
func (n *namespace) remove(name string, pods ...string) {
	n.t.Helper()
	logSeconds(n.t, "gone", func() {
		n.kc("delete", "deployment", name, "--cascade=foreground", "--timeout=60s")
		n.kc(append([]string{"wait", "--for=delete", "--timeout=60s", "pod"}, pods...)...)
	})
}
