package rigtest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// On OpenShift, nothing of ours chooses a user or a group, and all else is as elsewhere. Containers that need more
// than others are refused.
func TestOpenShift(t *testing.T) {
	chosen := regexp.MustCompile(`(?m)^ +(runAsUser|runAsGroup|fsGroup|fsGroupChangePolicy|supplementalGroups): .*\n`)
	cases, err := filepath.Glob(filepath.Join("testdata", "*", "expected.yaml"))
	require.NoError(t, err)
	changed := 0
	for _, expected := range cases {
		dir := filepath.Dir(expected)
		conf, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
		require.NoError(t, err)
		input, err := os.ReadFile(filepath.Join(dir, "input.yaml"))
		require.NoError(t, err)
		// An override's user and custom's are the user's own; those who ask for a group do so for the app.
		if text := string(conf) + string(input); strings.Contains(text, "runAs") || strings.Contains(text, "fsGroup") {
			continue
		}
		render := func(platform sidecar.Platform) (string, sidecar.Findings) {
			c, fs := config.Read(conf, "config.yaml")
			require.False(t, fs.Failed(), dir)
			c.Spec.Platform = platform
			out := rig.Run([]rig.File{{Name: "input.yaml", Text: string(input)}}, c, rig.Options{})
			if out.Findings.Failed() {
				return "", out.Findings
			}
			return out.Texts[0].String(), out.Findings
		}
		was, fs := render(sidecar.Kubernetes)
		if fs.Failed() {
			continue // it's for another kind of input
		}
		now, fs := render(sidecar.OpenShift)
		if fs.Failed() {
			require.Contains(t, fs.Err().Error(), "which OpenShift refuses by default", dir)
			continue
		}
		require.NotRegexp(t, chosen, now, dir)
		if was != now {
			changed++
		}
	}
	require.Greater(t, changed, 30)
}

// A step that needs root is refused there, unless its override says so again; volumes get the group of the namespace;
// a migration's Job has no user either.
func TestOpenShiftSteps(t *testing.T) {
	const input = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata: " +
		"{labels: {app: web}}\n    spec:\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n" +
		"      containers: [{name: web, image: 'web:1', ports: [{containerPort: 8080}], " +
		"volumeMounts: [{name: data, mountPath: /data}]}]\n"
	const root = "override: {securityContext: {runAsUser: 0}}"
	const redirect = "tlsProxy: {mode: redirect, port: 8080, secretName: tls}"
	for _, c := range []struct{ entry, refused, has string }{
		{"sysctl: {sysctls: [{name: vm.max_map_count, value: '262144'}]}", "runs as root", ""},
		{"{sysctl: {sysctls: [{name: vm.max_map_count, value: '262144'}]}, " + root + "}", "", "privileged: true"},
		{"permissions: {volumes: [data], mode: chown, runAsUser: 1000, runAsGroup: 1000}", "runs as root", ""},
		{"permissions: {volumes: [data], runAsGroup: 1000}", "", ""},
		{"migrate: {mode: job, command: [bin/migrate]}", "", ""},
		{redirect, "runAsUser: 101}}", ""}, // nginx's: the override is for nginx alone
		{"{" + redirect + ", override: {securityContext: {runAsUser: 101}}}", "", "runAsUser: 101"},
		{"{" + redirect + ", " + root + "}", "makes container tls-proxy root", ""},
	} {
		conf, fs := config.Read([]byte("apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: x}\nspec:\n"+
			"  platform: openshift\n  select: [{name: web}]\n  patterns:\n    - "+c.entry+"\n"), "")
		require.False(t, fs.Failed(), "%v", fs)
		out := rig.Run([]rig.File{{Name: "a.yaml", Text: input}}, conf, rig.Options{})
		if c.refused != "" {
			require.Contains(t, out.Findings.Err().Error(), c.refused)
			continue
		}
		require.False(t, out.Findings.Failed(), "%v", out.Findings)
		text := out.Texts[0].String()
		require.Contains(t, text, c.has)
		if c.has == "" {
			require.NotContains(t, text, "runAsUser:")
			require.NotContains(t, text, "fsGroup:")
		}
	}
}
