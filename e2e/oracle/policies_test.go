package oracle

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/klog/v2"

	"github.com/outrigger-dev/outrigger/e2e/oracle/admission"
	"github.com/outrigger-dev/outrigger/fn/cli"
)

// Whatever sound workload meets whatever config: policies for it accept what was built with outrigger, and refuse what
// wasn't, if a container is missing in that. The examples, and ways to cheat, are in the package of policies.
func TestGeneratedPolicies(t *testing.T) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	defer generic.SetPolicyRefreshIntervalForTests(10 * time.Millisecond)()
	judged, bare := 0, 0
	for r := range generated(workloads) {
		if r.refusal != nil {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			config := filepath.Join(t.TempDir(), "sidecars.yaml")
			require.NoError(t, os.WriteFile(config, []byte(r.config), 0o600))
			var policies, stderr bytes.Buffer
			code := cli.Run(cli.Build{}, []string{"outrigger", "policy", "-q", "-c", config, "--only", "workloads"},
				strings.NewReader(r.before), &policies, &stderr)
			before, after := workloadOf(t, r.before), workloadOf(t, r.after)
			added := countContainers(after.Object) > countContainers(before.Object)
			if !added || code != 0 && strings.Contains(stderr.String(), "judged by their pods alone") {
				bare++
				return
			}
			require.Zero(t, code, "%s\n%s\n%s", &stderr, r.config, r.before)
			namespace := after.GetNamespace()
			if namespace == "" {
				namespace = "default"
			}
			s, err := admission.NewServer(policies.String(), namespace)
			require.NoError(t, err, policies.String())
			defer s.Close()
			require.NoError(t, s.Create(t.Context(), namespace, &after.Unstructured), r.config)
			require.ErrorContains(t, s.Create(t.Context(), namespace, &before.Unstructured), "comes without its sidecars")
			require.NoError(t, s.Update(t.Context(), namespace, &before.Unstructured, &before.Unstructured))
			judged++
		})
	}
	t.Logf("%d workloads judged; %d get no container, or are of other kinds", judged, bare)
	require.Greater(t, judged, workloads/4)
}

// workloadOf returns the one workload of a stream.
func workloadOf(t *testing.T, manifests string) document {
	t.Helper()
	for _, d := range readDocuments(manifests) {
		require.NoError(t, d.err)
		if countContainers(d.Object) > 0 {
			return d
		}
	}
	require.Fail(t, "no workload", manifests)
	return document{}
}

// countContainers counts the containers in an object.
func countContainers(v any) (n int) {
	o, _ := v.(map[string]any)
	for key, value := range o {
		if list, ok := value.([]any); ok && (key == "containers" || key == "initContainers") {
			n += len(list)
			continue
		}
		n += countContainers(value)
	}
	return n
}
