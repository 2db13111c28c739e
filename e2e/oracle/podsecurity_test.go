package oracle

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// level is the strictest of Pod Security's that admits a pod, and what keeps it
// from the next one.
func level(t *testing.T, e policy.Evaluator, meta *corev1.PodTemplateSpec) (api.Level, string) {
	t.Helper()
	why := ""
	for _, l := range []api.Level{api.LevelRestricted, api.LevelBaseline} {
		result := policy.AggregateCheckResults(e.EvaluatePod(api.LevelVersion{Level: l, Version: api.LatestVersion()}, &meta.ObjectMeta, &meta.Spec))
		if result.Allowed {
			return l, why
		}
		why = result.ForbiddenDetail()
	}
	return api.LevelPrivileged, why
}

// pods are the pod templates of manifests, by their object.
func pods(t *testing.T, manifests string) map[string]*corev1.PodTemplateSpec {
	t.Helper()
	out := map[string]*corev1.PodTemplateSpec{}
	for _, d := range documents(manifests) {
		for _, at := range append(templates, "") {
			template := d.Object
			if at != "" {
				var ok bool
				if template, ok, _ = unstructured.NestedMap(d.Object, strings.Split(at, ".")...); !ok {
					continue
				}
			}
			if list, ok, _ := unstructured.NestedSlice(template, "spec", "containers"); !ok || len(list) == 0 {
				continue
			}
			raw, err := json.Marshal(template)
			require.NoError(t, err)
			var p corev1.PodTemplateSpec
			require.NoError(t, json.Unmarshal(raw, &p))
			out[d.String()] = &p
		}
	}
	return out
}

// No pod loses a level of Pod Security by its sidecars. What its author runs as
// root is his affair: the sidecars are looked at with the author's containers made
// harmless.
func TestPodSecurity(t *testing.T) {
	e, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	goldens, err := filepath.Glob("../../pkg/rigtest/testdata/*/expected.yaml")
	require.NoError(t, err)
	looked := 0
	for _, golden := range goldens {
		dir := filepath.Dir(golden)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if strings.Contains(text(t, dir+"/config.yaml"), "custom:") {
				return // whoever spells containers out answers for them
			}
			before, after := pods(t, text(t, dir+"/input.yaml")), pods(t, text(t, golden))
			for name, pod := range after {
				was := before[name]
				if was == nil {
					continue
				}
				ours := sidecars(was, pod)
				if ours == 0 {
					continue
				}
				looked += ours
				got, why := level(t, e, pod)
				require.Equal(t, api.LevelRestricted, got, "%s: %s", name, why)
			}
		})
	}
	require.Greater(t, looked, 30)
}

// sidecars leaves in a pod only the containers that it didn't have before, with
// one harmless container, and counts them.
func sidecars(before, pod *corev1.PodTemplateSpec) int {
	theirs := map[string]bool{}
	for _, list := range [][]corev1.Container{before.Spec.Containers, before.Spec.InitContainers} {
		for _, c := range list {
			theirs[c.Name] = true
		}
	}
	left := func(list []corev1.Container) (ours []corev1.Container) {
		for _, c := range list {
			if !theirs[c.Name] {
				ours = append(ours, c)
			}
		}
		return ours
	}
	pod.Spec.InitContainers, pod.Spec.Containers = left(pod.Spec.InitContainers), left(pod.Spec.Containers)
	n := len(pod.Spec.InitContainers) + len(pod.Spec.Containers)
	yes, no := true, false
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "harmless", SecurityContext: &corev1.SecurityContext{
		RunAsNonRoot: &yes, AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}})
	return n
}
