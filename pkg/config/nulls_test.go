package config

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const nullHead = "apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: a}\n" +
	"spec:\n  select: [{name: a}]\n  patterns:\n  - waitFor: {targets: [db:1]}\n    override: "

// Null in an override is kept, wherever it is, and a record of the document has it, too.
func TestReadNulls(t *testing.T) {
	for text, want := range map[string]sidecar.Nulls{
		"{securityContext: {runAsUser: null, runAsGroup: ~}}": {{"securityContext", "runAsUser"},
			{"securityContext", "runAsGroup"}},
		"{securityContext: }":                    {{"securityContext"}},
		"{livenessProbe: null, lifecycle: null}": {{"livenessProbe"}, {"lifecycle"}},
		"{args: null}":                           {{"args"}},
		"{imagePullPolicy: null}":                {{"imagePullPolicy"}},
		"{resources: {limits: null}}":            {{"resources", "limits"}},
		"{resources: {limits: {memory: null, a.b/c: null}}}": {{"resources", "limits", "memory"},
			{"resources", "limits", "a.b/c"}},
		"{ports: [{containerPort: 1, name: null}]}":              {{"ports", "0", "name"}},
		"{env: [{name: A, value: null}]}":                        {{"env", "0", "value"}},
		"null":                                                   nil,
		"{resources: {limits: {memory: 1Gi}}, image: a}":         nil,
		"{livenessProbe: &n null, readinessProbe: *n}":           {{"livenessProbe"}, {"readinessProbe"}},
		"{<<: {startupProbe: null}, image: a}":                   {{"startupProbe"}},
		"{livenessProbe: {httpGet: {port: 1, path: null}}}":      {{"livenessProbe", "httpGet", "path"}},
		"{securityContext: {capabilities: {drop: null}}}":        {{"securityContext", "capabilities", "drop"}},
		"{lifecycle: {preStop: {exec: null}}, stdin: null}":      {{"lifecycle", "preStop", "exec"}, {"stdin"}},
		"{resources: {requests: {memory: 1Gi, cpu: null}}}":      {{"resources", "requests", "cpu"}},
		"{terminationMessagePolicy: null, volumeMounts: null}":   {{"terminationMessagePolicy"}, {"volumeMounts"}},
		"{volumeMounts: [{mountPath: /a, readOnly: null}]}":      {{"volumeMounts", "0", "readOnly"}},
		"{securityContext: {seccompProfile: null}, ports: null}": {{"securityContext", "seccompProfile"}, {"ports"}},
	} {
		t.Run(text, func(t *testing.T) {
			c, fs := Read([]byte(nullHead+text+"\n"), "")
			require.Empty(t, fs)
			require.Equal(t, want, c.Spec.Patterns[0].Removed)
			again, fs := ReadRecorded("a", c.Recorded())
			require.Empty(t, fs)
			require.ElementsMatch(t, want, again.Spec.Patterns[0].Removed)
			raw, err := json.Marshal(again.Spec.Patterns[0])
			require.NoError(t, err)
			require.JSONEq(t, string(mustMarshal(t, c.Spec.Patterns[0])), string(raw))
			require.Equal(t, c.Spec.Patterns[0].Override, again.Spec.Patterns[0].Override)
		})
	}
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

// What no container works without can't be removed, and neither can an entry of a list.
func TestReadNullsErrors(t *testing.T) {
	needed := "can't be removed, as nothing works without it; remove the line"
	for text, want := range map[string]string{
		"{name: null}": ".name: " + needed,
		"{image: null}": ".image: can't be removed, as nothing works without it; write " +
			"another image, or remove the line",
		"{restartPolicy: null}": ".restartPolicy: can't be removed, as the placement sets it; " +
			"write placement: beside",
		"{ports: [{containerPort: ~}]}":   ".ports[0].containerPort: " + needed,
		"{args: [null]}":                  `.args[0]: wanted a string, got nothing; write "" for an empty one`,
		"{env: [null]}":                   ".env[0]: wanted a mapping, got nothing",
		"{env: [{name: null, value: x}]}": ".env[0].name: " + needed,
	} {
		t.Run(text, func(t *testing.T) {
			_, fs := Read([]byte(nullHead+text+"\n"), "")
			require.Len(t, fs, 1)
			require.Equal(t, "line 8: spec.patterns[0].override"+want, fs[0].String())
		})
	}
}

// In the flat form, the word null removes what isn't a text.
func TestReadNullsFlat(t *testing.T) {
	c, fs := Read([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  pattern: waitFor\n"+
		"  targets: db:1\n  kind: Deployment\n"+
		"  override.securityContext.runAsUser: \"null\"\n  override.livenessProbe: \"null\"\n"+
		"  override.resources.limits.memory: \"null\"\n  override.workingDir: \"null\"\n"), "")
	require.Empty(t, fs)
	require.ElementsMatch(t, sidecar.Nulls{{"securityContext", "runAsUser"}, {"livenessProbe"},
		{"resources", "limits", "memory"}}, c.Spec.Patterns[0].Removed)
	require.Equal(t, "null", c.Spec.Patterns[0].Override.WorkingDir)
}
