package rig

import (
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
		"Deployment web: x (1 native sidecar)":        {Containers: []corev1.Container{{Name: "x", Image: "x:1"}}},
	} {
		conf := &config.Sidecars{Spec: config.Spec{Select: []config.Selector{{Name: ".*"}},
			Patterns: []config.Entry{{Name: "x", Placement: sidecar.Native, Custom: &c}}}}
		out := Run([]File{{Text: input}}, conf, Options{})
		require.NoError(t, out.Findings.Err())
		require.Equal(t, []string{want}, out.Report)
	}
}
