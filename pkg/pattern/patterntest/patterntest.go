// Package patterntest holds helpers for tests of patterns: workloads, and functions that
// return the Change or the findings of a pattern.
package patterntest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// BuildChange returns the Change of a pattern whose config is valid and fits the workload.
func BuildChange(t testing.TB, p sidecar.Pattern, w *sidecar.Workload) *sidecar.Change {
	t.Helper()
	c, err := sidecar.Build(p, w)
	require.NoError(t, err)
	return c
}

// FindingLines returns the findings of a pattern for a workload as lines: those that make
// it fail, or else those of Validate and the notes of the Change.
func FindingLines(t testing.TB, p sidecar.Pattern, w *sidecar.Workload) []string {
	t.Helper()
	c, err := sidecar.Build(p, w)
	if err == nil {
		return FormatFindings(append(p.Validate(), c.Notes...))
	}
	require.Nil(t, c)
	var fs sidecar.Findings
	require.True(t, errors.As(err, &fs))
	require.True(t, fs.Failed())
	return FormatFindings(fs)
}

// FormatFindings formats each finding as "severity code: where: what; hint".
func FormatFindings(fs sidecar.Findings) []string {
	out := []string{}
	for _, f := range fs {
		out = append(out, string(f.Severity)+" "+f.Code+": "+f.String())
	}
	return out
}

// NewElasticsearch returns a server in namespace prod with port 9200, named http, and a
// Service in front of it. The edits change it.
func NewElasticsearch(edits ...func(*sidecar.Workload)) *sidecar.Workload {
	w := &sidecar.Workload{
		Ref:      sidecar.Ref{Group: "apps", Kind: "Deployment", Namespace: "prod", Name: "elasticsearch"},
		Template: sidecar.Fields("spec", "template"),
		Pod: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "elasticsearch"}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "elasticsearch", Image: "elasticsearch:7.9.3",
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 9200}},
			}}},
		},
		Services:   []sidecar.Service{{Ref: sidecar.Ref{Kind: "Service", Namespace: "prod", Name: "elasticsearch"}}},
		Name:       "tls-proxy",
		Placement:  sidecar.Native,
		Kubernetes: sidecar.Version{Major: 1, Minor: 33},
	}
	w.App = &w.Pod.Spec.Containers[0]
	for _, edit := range edits {
		edit(w)
	}
	return w
}

// NewShop returns an app in namespace prod that uses a Redis outside of the cluster. The
// edits change it.
func NewShop(edits ...func(*sidecar.Workload)) *sidecar.Workload {
	w := &sidecar.Workload{
		Ref:      sidecar.Ref{Group: "apps", Kind: "Deployment", Namespace: "prod", Name: "shop"},
		Template: sidecar.Fields("spec", "template"),
		Pod: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "shop", Image: "shop:1", Env: []corev1.EnvVar{{Name: "REDIS_HOST", Value: "redis.db.example"}},
		}}}},
		Name:       "tunnel",
		Placement:  sidecar.Native,
		Kubernetes: sidecar.Version{Major: 1, Minor: 33},
	}
	for _, edit := range edits {
		edit(w)
	}
	if w.App == nil {
		w.App = &w.Pod.Spec.Containers[0]
	}
	if w.Apps == nil {
		w.Apps = []*corev1.Container{w.App}
	}
	return w
}
