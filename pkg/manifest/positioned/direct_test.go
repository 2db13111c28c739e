package positioned

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/outrigger-dev/outrigger/pkg/manifest/manifesttest"
	"github.com/outrigger-dev/outrigger/pkg/manifest/split"
)

// decodeBothWays holds the direct way against JSON: what it takes, it takes in the same way.
func decodeBothWays[T any](t *testing.T, n *Node) (direct bool) {
	t.Helper()
	var got, want T
	if !decodeDirectly(n, &got) {
		require.Zero(t, got)
		return false
	}
	require.NoError(t, decodeJSON(n, &want))
	require.Equal(t, want, got)
	return true
}

// decodeAll decodes all objects of a text, and their parts, into some types.
func decodeAll(t *testing.T, text string) (direct int) {
	t.Helper()
	l := NewLines(text)
	docs, ok := split.Split(text)
	if !ok || l.CheckLegible() != nil {
		return 0
	}
	l.Plain = true
	take := func(from, to int, member bool) {
		n, err := ReadObject(l, from, to, member)
		if err != nil || n.Check(l) != nil {
			return
		}
		for _, ok := range []bool{
			decodeBothWays[corev1.Pod](t, n), decodeBothWays[batchv1.CronJob](t, n),
			decodeBothWays[corev1.Service](t, n), decodeBothWays[networkingv1.NetworkPolicy](t, n),
		} {
			if ok {
				direct++
			}
		}
		if template := n.At("spec", "template"); template != nil && decodeBothWays[corev1.PodTemplateSpec](t, template) {
			direct++
		}
	}
	for _, d := range docs {
		if len(d.Items) == 0 {
			take(d.Start, d.End, false)
		}
		for _, item := range d.Items {
			take(item.Start, item.End, true)
		}
	}
	return direct
}

// typed are texts near the border of what is decoded directly.
var typed = []string{
	"kind: Pod\nspec:\n  containers:\n  - name: a\n    resources:\n      limits: {memory: 1Gi, cpu: 1, x: 1e3}\n" +
		"    ports: [{containerPort: 80, protocol: TCP}]\n    livenessProbe: {httpGet: {port: http}}\n    env: []\n" +
		"  volumes: null\n  nodeSelector: {a: b}\n  hostNetwork: true\n  terminationGracePeriodSeconds: 30\n",
	"kind: Pod\nspec:\n  Containers:\n  - name: a\n", "kind: Pod\nspec:\n  containers:\n  - name: 1\n",
	"kind: Pod\nspec: 1\n", "kind: Pod\nspec:\n  hostNetwork: \"true\"\n", "kind: Pod\nspec:\n  nodeSelector: {a: 1}\n",
	"kind: Pod\nspec:\n  nodeSelector: {1: a, ~: b}\n", "kind: Pod\nmetadata:\n  creationTimestamp: null\n  labels: {}\n",
	"kind: Pod\nmetadata:\n  creationTimestamp: 2020-01-01T00:00:00Z\n  generation: 1e3\n",
	"kind: Pod\nspec:\n  terminationGracePeriodSeconds: 0x1f\n  priority: 9999999999\n  unknown: {limits: {a: 1e999}}\n",
	"kind: Pod\nspec:\n  containers:\n  - resources: {limits: {memory: 1e474031877}}\n",
	"kind: Pod\nspec: &a\n  hostname: b\n", "kind: Pod\nspec:\n  <<: {hostname: b}\n",
	"kind: Service\nspec:\n  ports:\n  - port: 80\n    targetPort: null\n  selector: ~\n  ſelector: {a: b}\n",
	"kind: Pod\nspec:\n  hostname: \"a\\u2028\\u00e9<>&\"\n  overhead: {}\n  tolerations: [null, {}]\n",
	"kind: CronJob\nspec:\n  schedule: '* * * * *'\n  suspend: yes\n  jobTemplate:\n    spec: {backoffLimit: 08}\n",
}

func TestBothWaysDecodeAlike(t *testing.T) {
	direct := 0
	for _, text := range append(append(typed, blocky...), manifesttest.Hostile...) {
		direct += decodeAll(t, text)
	}
	files, err := filepath.Glob("../../rigtest/testdata/*/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil {
			direct += decodeAll(t, string(text))
		}
	}
	require.Greater(t, direct, 500, "too little is decoded directly")
}

func TestDirectWayKeepsWhatIsThere(t *testing.T) {
	l := NewLines("nodeSelector: {b: c}\n")
	n, ok := ReadFast(l, 0, len(l.Text), false)
	require.True(t, ok)
	spec := corev1.PodSpec{NodeSelector: map[string]string{"a": "b"}}
	require.False(t, decodeDirectly(n, &spec))
	require.NoError(t, DecodeInto(n, &spec))
	require.Equal(t, map[string]string{"a": "b", "b": "c"}, spec.NodeSelector)
}

func FuzzDecode(f *testing.F) {
	for _, text := range typed {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 1<<12 {
			decodeAll(t, text)
		}
	})
}
