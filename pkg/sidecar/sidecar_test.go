package sidecar_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
	"github.com/outrigger-dev/outrigger/pkg/sidecar/sidecartest"
)

func TestVersion(t *testing.T) {
	for _, s := range []string{"1.33", "v1.33.2", "1.33.0-gke.1", "1.33+"} {
		v, err := sidecar.ParseVersion(s)
		require.NoError(t, err, s)
		require.Equal(t, "1.33", v.String())
		require.True(t, v.AtLeast(1, 33) && v.AtLeast(1, 9) && !v.AtLeast(1, 34) && !v.AtLeast(2, 0))
	}
	for _, s := range []string{"", "1", "one.two", "1.3333333", "-1.2", "1.3 "} {
		_, err := sidecar.ParseVersion(s)
		require.Error(t, err, s)
	}
}

// A request isn't above its limit, and those that are equal stay it.
func TestOverlayResources(t *testing.T) {
	list := func(memory string) corev1.ResourceList {
		if memory == "" {
			return nil
		}
		return corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}
	}
	for _, c := range []struct{ baseRequest, baseLimit, overRequest, overLimit, request, limit string }{
		{"128Mi", "256Mi", "", "64Mi", "64Mi", "64Mi"},
		{"128Mi", "256Mi", "", "200Mi", "128Mi", "200Mi"},
		{"128Mi", "256Mi", "512Mi", "", "512Mi", "512Mi"},
		{"128Mi", "256Mi", "64Mi", "", "64Mi", "256Mi"},
		{"128Mi", "256Mi", "64Mi", "32Mi", "64Mi", "32Mi"}, // whoever writes both
		{"128Mi", "128Mi", "", "256Mi", "256Mi", "256Mi"},
		{"128Mi", "128Mi", "64Mi", "", "64Mi", "64Mi"},
		{"", "128Mi", "", "64Mi", "", "64Mi"},
		{"128Mi", "", "256Mi", "", "256Mi", ""},
	} {
		out := sidecar.OverlayResources(corev1.ResourceRequirements{Requests: list(c.baseRequest), Limits: list(c.baseLimit)},
			corev1.ResourceRequirements{Requests: list(c.overRequest), Limits: list(c.overLimit)})
		require.Equal(t, corev1.ResourceRequirements{Requests: list(c.request), Limits: list(c.limit)}, out, c)
	}
}

// What a container has of a resource stays.
func TestCompleteResources(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		all := corev1.ResourceList{"cpu": resource.MustParse(cpu), "memory": resource.MustParse(memory)}
		maps.DeleteFunc(all, func(_ corev1.ResourceName, q resource.Quantity) bool { return q.IsZero() })
		return all
	}
	for _, c := range []struct{ base, over, want corev1.ResourceRequirements }{
		{corev1.ResourceRequirements{Requests: list("10m", "32Mi"), Limits: list("0", "64Mi")},
			corev1.ResourceRequirements{Requests: list("20m", "16Mi"), Limits: list("50m", "256Mi")},
			corev1.ResourceRequirements{Requests: list("10m", "32Mi"), Limits: list("50m", "64Mi")}},
		{corev1.ResourceRequirements{Requests: list("10m", "0")}, corev1.ResourceRequirements{Limits: list("5m", "0")},
			corev1.ResourceRequirements{Requests: list("5m", "0"), Limits: list("5m", "0")}}, // a request may not be above
		{corev1.ResourceRequirements{Limits: list("0", "64Mi")}, corev1.ResourceRequirements{Requests: list("5m", "128Mi")},
			corev1.ResourceRequirements{Requests: list("5m", "0"), Limits: list("0", "64Mi")}}, // the limit is its request
	} {
		require.Equal(t, c.want, sidecar.CompleteResources(c.base, c.over))
	}
}

func TestOverlay(t *testing.T) {
	base := corev1.Container{Name: "tls-proxy", Image: "nginx:1", Env: []corev1.EnvVar{{Name: "A", Value: "1"},
		{Name: "B", Value: "2"}},
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("10m"),
			"memory": resource.MustParse("32Mi")}},
		StartupProbe: &corev1.Probe{PeriodSeconds: 1,
			ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{}}}}
	out, err := sidecar.OverlayContainer(base, &corev1.Container{Image: "nginx:2",
		Env:          []corev1.EnvVar{{Name: "B", ValueFrom: &corev1.EnvVarSource{}}, {Name: "C", Value: "3"}},
		Resources:    corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("1")}},
		StartupProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}},
		nil)
	require.NoError(t, err)
	require.Equal(t, "tls-proxy", out.Name)
	require.Equal(t, "nginx:2", out.Image)
	require.Equal(t, []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", ValueFrom: &corev1.EnvVarSource{}},
		{Name: "C", Value: "3"}}, out.Env)
	require.Equal(t, "1", out.Resources.Requests.Cpu().String())
	require.Equal(t, "32Mi", out.Resources.Requests.Memory().String())
	require.Nil(t, out.StartupProbe.TCPSocket, "a probe of another kind replaces")
	require.NotNil(t, out.StartupProbe.Exec)
	require.EqualValues(t, 1, out.StartupProbe.PeriodSeconds)
	require.Equal(t, "nginx:1", base.Image, "the base stays")
	same, err := sidecar.OverlayContainer(base, nil, nil)
	require.NoError(t, err)
	require.Equal(t, base, same)
}

func TestPath(t *testing.T) {
	p := sidecar.Fields("spec", "containers").At("name", "app").To("args").At(".", "--x")
	require.Equal(t, "spec.containers[name=app].args[--x]", p.String())
	require.Equal(t, `metadata.annotations["outrigger.dev/skip"]`, sidecar.Fields("metadata", "annotations",
		"outrigger.dev/skip").String())
	a, b := p.To("a"), p.To("b")
	require.Equal(t, "a", a[len(a)-1].Field, "paths share no memory")
	require.Equal(t, "b", b[len(b)-1].Field)
}

func TestFinding(t *testing.T) {
	f := sidecar.Finding{Severity: sidecar.Error, Code: "x", Object: sidecartest.Deployment, Field: "spec",
		File: "a/b.yaml", Line: 3, Sidecar: "tls-proxy", Message: "is\nwrong", Hint: "mend it"}
	require.Equal(t, "a/b.yaml:3: Deployment prod/web spec: tls-proxy: is wrong; mend it", f.String())
	var none sidecar.Findings
	require.NoError(t, none.Err())
	none.Add(sidecar.Warning, "w", "f", "m", "")
	require.NoError(t, none.Err(), "a warning is no failure")
	none.Add(sidecar.Error, "e", "f", "m", "")
	require.EqualError(t, none.Err(), "f: m\nf: m")
}

// Nothing of an input can pass for a line of ours, or turn one around.
func TestOneLine(t *testing.T) {
	f := sidecar.Finding{Object: sidecar.Ref{Kind: "Pod", Name: "a\noutrigger: b\x1b[2J\u202e\x00\u2028"},
		Message: "é 你 \xff"}
	require.Equal(t, `Pod a outrigger: b\u001b[2J\u202e\u0000\u2028: é 你 \ufffd`, f.String())
	require.Equal(t, "as it is", sidecar.OneLine("as it is"))
}

// Variables of envFrom are known where the manifests have its sources.
func TestMayGet(t *testing.T) {
	from := func(prefix, name string) corev1.EnvFromSource {
		return corev1.EnvFromSource{Prefix: prefix, ConfigMapRef: &corev1.ConfigMapEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: name}}}
	}
	w := &sidecar.Workload{ConfigMaps: func(name string) *sidecar.ConfigMap {
		if name == "known" {
			return &sidecar.ConfigMap{Keys: []string{"A", "B"}}
		}
		return nil
	}}
	may := func(from ...corev1.EnvFromSource) []string {
		return w.MayGet(&corev1.Container{EnvFrom: from}, "A", "X_B", "C")
	}
	require.Empty(t, may())
	require.Equal(t, []string{"A"}, may(from("", "known")))
	require.Equal(t, []string{"X_B"}, may(from("X_", "known")))
	require.Equal(t, []string{"A", "X_B", "C"}, may(from("", "known"), from("", "unknown")))
	secret := corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{}}
	require.Equal(t, []string{"A", "X_B", "C"}, may(secret))
}
