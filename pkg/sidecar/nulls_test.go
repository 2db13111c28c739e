package sidecar_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func overlaidBase() corev1.Container {
	list := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{"cpu": resource.MustParse(cpu), "memory": resource.MustParse(memory)}
	}
	return corev1.Container{Name: "a", Image: "a:1", Args: []string{"--port=1", "--to=db"},
		Ports:     []corev1.ContainerPort{{Name: "http", ContainerPort: 80}, {Name: "x", ContainerPort: 81}},
		Resources: corev1.ResourceRequirements{Requests: list("1", "1Gi"), Limits: list("1", "1Gi")},
		SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64(101)), RunAsGroup: new(int64(101)),
			RunAsNonRoot: new(true)},
		LivenessProbe: &corev1.Probe{PeriodSeconds: 5,
			ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}}
}

// What is null in an override is removed; what isn't there to remove stays as it is.
func TestOverlayRemoves(t *testing.T) {
	for name, c := range map[string]struct {
		over  corev1.Container
		nulls sidecar.Nulls
		want  func(*corev1.Container)
	}{
		"fields": {nulls: sidecar.Nulls{{"securityContext", "runAsUser"}, {"securityContext", "runAsGroup"}},
			want: func(c *corev1.Container) { c.SecurityContext.RunAsUser, c.SecurityContext.RunAsGroup = nil, nil }},
		"the last fields": {nulls: sidecar.Nulls{{"securityContext", "runAsUser"}, {"securityContext", "runAsGroup"},
			{"securityContext", "runAsNonRoot"}}, want: func(c *corev1.Container) { c.SecurityContext = nil }},
		"a mapping": {nulls: sidecar.Nulls{{"livenessProbe"}}, want: func(c *corev1.Container) { c.LivenessProbe = nil }},
		"a list":    {nulls: sidecar.Nulls{{"args"}}, want: func(c *corev1.Container) { c.Args = nil }},
		"limits": {nulls: sidecar.Nulls{{"resources", "limits"}},
			want: func(c *corev1.Container) { c.Resources.Limits = nil }},
		"a limit": {nulls: sidecar.Nulls{{"resources", "limits", "memory"}},
			want: func(c *corev1.Container) { delete(c.Resources.Limits, "memory") }},
		"a limit beside a request": {nulls: sidecar.Nulls{{"resources", "limits", "cpu"}},
			over: corev1.Container{Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{"cpu": resource.MustParse("2")}}},
			want: func(c *corev1.Container) {
				delete(c.Resources.Limits, "cpu")
				c.Resources.Requests["cpu"] = resource.MustParse("2")
			}},
		"a field of an entry": {nulls: sidecar.Nulls{{"ports", "0", "name"}},
			over: corev1.Container{Ports: []corev1.ContainerPort{{ContainerPort: 81}}},
			want: func(c *corev1.Container) { c.Ports[1].Name = "" }},
		"what isn't there": {nulls: sidecar.Nulls{{"startupProbe", "exec"}, {"lifecycle"},
			{"securityContext", "capabilities"}},
			want: func(*corev1.Container) {}},
	} {
		t.Run(name, func(t *testing.T) {
			want := overlaidBase()
			c.want(&want)
			got, err := sidecar.OverlayContainer(overlaidBase(), &c.over, c.nulls)
			require.NoError(t, err)
			have, err := json.Marshal(got)
			require.NoError(t, err)
			wanted, err := json.Marshal(want)
			require.NoError(t, err)
			require.JSONEq(t, string(wanted), string(have))
			again, err := sidecar.OverlayContainer(got, &c.over, c.nulls)
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}
}

func TestEncodeOverride(t *testing.T) {
	fields, err := sidecar.EncodeOverride(corev1.Container{Ports: []corev1.ContainerPort{{ContainerPort: 81}},
		SecurityContext: &corev1.SecurityContext{}}, sidecar.Nulls{{"securityContext", "runAsUser"}, {"ports", "0", "name"},
		{"resources", "limits", "a.b/c"}, {"ports", "7", "name"}})
	require.NoError(t, err)
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	require.JSONEq(t, `{"ports": [{"containerPort": 81, "name": null}], "securityContext": {"runAsUser": null},
		"resources": {"limits": {"a.b/c": null}}}`, string(text))
	nulls := sidecar.Nulls{{"securityContext"}}
	require.True(t, nulls.Contains("securityContext", "runAsUser"))
	require.False(t, nulls.Contains("resources"))
}

// An override may change arguments of a pattern, but not drop them all.
func TestCheckArguments(t *testing.T) {
	script := overlaidBase()
	script.Command, script.Args = []string{"sh", "-c", "exec x"}, nil
	for name, c := range map[string]struct {
		base    corev1.Container
		command []string
		args    []string
		want    int
	}{
		"nothing":        {base: overlaidBase(), args: overlaidBase().Args},
		"appended":       {base: overlaidBase(), args: append(overlaidBase().Args, "--psc")},
		"one changed":    {base: overlaidBase(), args: []string{"--port=2", "--to=db"}},
		"replaced":       {base: overlaidBase(), args: []string{"--psc"}, want: 1},
		"removed":        {base: overlaidBase(), want: 1},
		"another script": {base: script, command: []string{"sh", "-c", "mine"}, want: 1},
		"the script":     {base: script, command: []string{"bash", "-c", "exec x"}},
		"a command":      {base: overlaidBase(), command: []string{"wrap"}, args: overlaidBase().Args},
	} {
		t.Run(name, func(t *testing.T) {
			out := c.base
			out.Command, out.Args = c.command, c.args
			require.Len(t, sidecar.CheckArguments(&c.base, &out), c.want)
		})
	}
}

func TestCheckOverlaid(t *testing.T) {
	c := overlaidBase()
	require.Empty(t, sidecar.CheckOverlaid(&c))
	c.LivenessProbe.Exec = nil
	fs := sidecar.CheckOverlaid(&c)
	require.Len(t, fs, 1)
	require.Equal(t, "override.livenessProbe", fs[0].Field)
}
