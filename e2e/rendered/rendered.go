// Package rendered renders manifests as the whole program does, and decodes the result into the types of the API.
package rendered

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// Deployment is a manifest of one container. Fields are further ones of the container, indented by ten, and then of the
// pod, by six.
func Deployment(name, fields string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      containers:
        - name: %[1]s
          image: %[1]s:1
%[2]s`, name, fields)
}

// Objects are the objects of one stream, as YAML, in their order.
type Objects []string

// Render adds patterns to all Deployments and StatefulSets of a stream. The patterns are written out as a document and
// read back, as a user's are. A finding that fails a run fails the test.
func Render(t testing.TB, manifests string, patterns ...config.Entry) Objects {
	t.Helper()
	document, err := json.Marshal(config.Sidecars{
		APIVersion: config.APIVersion,
		Kind:       config.Kind,
		Spec:       config.Spec{Select: []config.Selector{{Kind: "Deployment|StatefulSet"}}, Patterns: patterns},
	})
	require.NoError(t, err)
	return RenderDocument(t, manifests, string(document))
}

// RenderDocument does what a whole Sidecars document says with a stream.
func RenderDocument(t testing.TB, manifests, document string) Objects {
	t.Helper()
	conf, findings := config.Read([]byte(document), "config.yaml")
	require.NoError(t, findings.Err(), document)
	out := rig.Run([]rig.File{{Text: manifests}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err(), document)
	return strings.Split(out.Files()[0].Text, "\n---\n")
}

// Pod returns the pod of the only workload: a Deployment or a StatefulSet.
func (o Objects) Pod(t testing.TB) corev1.PodSpec {
	t.Helper()
	pods := []corev1.PodSpec{}
	for _, d := range Decode[appsv1.Deployment](t, o, "Deployment") {
		pods = append(pods, d.Spec.Template.Spec)
	}
	for _, s := range Decode[appsv1.StatefulSet](t, o, "StatefulSet") {
		pods = append(pods, s.Spec.Template.Spec)
	}
	require.Len(t, pods, 1, "workloads in %s", o)
	return pods[0]
}

// Data returns the files of the only ConfigMap, or nil if there isn't any.
func (o Objects) Data(t testing.TB) map[string]string {
	t.Helper()
	maps := Decode[corev1.ConfigMap](t, o, "ConfigMap")
	require.LessOrEqual(t, len(maps), 1, "ConfigMaps in %s", o)
	for _, m := range maps {
		return m.Data
	}
	return nil
}

// Decode returns the objects of a kind, in their order. A field that T doesn't have, or one that is there twice, fails
// the test.
func Decode[T any](t testing.TB, objects Objects, kind string) (found []T) {
	t.Helper()
	for _, text := range objects {
		var meta metav1.TypeMeta
		require.NoError(t, yaml.Unmarshal([]byte(text), &meta), text)
		if meta.Kind != kind {
			continue
		}
		var object T
		require.NoError(t, yaml.UnmarshalStrict([]byte(text), &object), text)
		found = append(found, object)
	}
	return found
}
