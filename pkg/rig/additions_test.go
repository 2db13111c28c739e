package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// The report lists what each sidecar adds or sets, without empty brackets.
func TestReport(t *testing.T) {
	const input = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: a}]}}}
`
	sysctls := []corev1.Sysctl{{Name: "net.ipv4.tcp_keepalive_time", Value: "60"}}
	env := []sidecar.EnvVar{{EnvVar: corev1.EnvVar{Name: "A", Value: "b"}}, {EnvVar: corev1.EnvVar{Name: "B", Value: "b"}}}
	for want, c := range map[string]pattern.Custom{
		"Deployment web: x":                           {},
		"Deployment web: x (settings of the pod)":     {Pod: sidecar.Pod{Sysctls: sysctls}},
		"Deployment web: x (2 variables, 1 argument)": {App: sidecar.App{Args: []string{"-a"}, Env: env}},
		"Deployment web: x (1 native sidecar); requests nothing more": {
			Containers: []corev1.Container{{Name: "x", Image: "x:1"}}},
	} {
		conf := &config.Sidecars{Spec: config.Spec{Select: []config.Selector{{Name: ".*"}},
			Patterns: []config.Entry{{Name: "x", Placement: sidecar.Native, Custom: &c}}}}
		out := Run([]File{{Text: input}}, conf, Options{})
		require.NoError(t, out.Findings.Err())
		require.Equal(t, []string{want}, out.Report)
	}
}

// The report says what sidecars request: of all pods that the manifests ask for, and by what the pods depend on.
func TestReportRequests(t *testing.T) {
	workload := func(kind, name, spec string) string {
		api := map[bool]string{true: "batch/v1", false: "apps/v1"}[kind == "CronJob"]
		pod := "template: {spec: {containers: [{name: app, image: a}]}}"
		if kind == "CronJob" {
			pod = "jobTemplate: {spec: {parallelism: 4, completions: 2, " + pod + "}}"
		}
		return "---\napiVersion: " + api + "\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec: {" + spec +
			pod + "}\n"
	}
	const scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: scaled}\nspec: " +
		"{minReplicas: 4, maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: scaled}}\n"
	text := workload("Deployment", "web", "replicas: 3, ") + workload("Deployment", "scaled", "replicas: 2, ") + scaler +
		workload("DaemonSet", "agent", "") + workload("CronJob", "nightly", "") +
		strings.Replace(workload("Deployment", "none", ""), "none}", "none, annotations: {outrigger.dev/skip: x}}", 1)
	conf := readSpec(t, "  select: [{name: '.*'}]\n  expect: {min: 4}\n  patterns:\n  - name: x\n    custom: "+
		"{containers: [{name: x, image: x, resources: {requests: {cpu: 10m, memory: 24Mi}}}]}\n")
	out := Run([]File{{Text: text}}, conf, Options{})
	require.NoError(t, out.Findings.Err())
	require.Equal(t, []string{
		"Deployment web: x (1 native sidecar); requests 3 x (10m CPU, 24Mi)",
		"Deployment scaled: x (1 native sidecar); requests 4 x (10m CPU, 24Mi)",
		"DaemonSet agent: x (1 native sidecar); requests 10m CPU, 24Mi per node",
		"CronJob nightly: x (1 native sidecar); requests 2 x (10m CPU, 24Mi) per run",
	}, out.Report)
	require.Equal(t, "total: 4 workloads with sidecars, 1 without; requests 70m CPU, 168Mi in 7 pods; 10m CPU, 24Mi per "+
		"node; 20m CPU, 48Mi per run", out.Total)
}
