package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

const unreadable = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: web:1
          FIELD
      volumes:
        - {name: a, emptyDir: {}}
`

func runUnreadable(t *testing.T, text, name string) Output {
	t.Helper()
	doc, fs := config.Read([]byte(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: t}
spec:
  select: [{name: web}]
  patterns: [{waitFor: {targets: ["db:5432"]}}]
`), "config.yaml")
	require.NoError(t, fs.Err())
	return Run([]File{{Name: name, Text: text}}, doc, Options{})
}

// A value that doesn't fit is named with its field and its own line, whatever its type is. The value isn't
// shown, as it may be secret.
func TestUnreadableFields(t *testing.T) {
	for field, says := range map[string]string{
		`resources: {limits: {memory: "512MB"}}`:     "resources.limits.memory: isn't a valid quantity; write it as in 512Mi",
		`stdin: "yes"`:                               "stdin: can't be a string",
		`stdin: 'hunter2'`:                           "stdin: can't be a string",
		`ports: [{containerPort: http}]`:             "ports[0].containerPort: can't be a string",
		`ports: [{name: a, containerPort: [1]}]`:     "ports[name=a].containerPort: can't be a list",
		`env: [{name: A, value: 5}]`:                 "env[name=A].value: can't be a number",
		`env: [{name: A, value: {hunter2: a}}]`:      "env[name=A].value: can't be a mapping",
		`args: run`:                                  "args: can't be a string",
		`args: [true]`:                               "args[0]: can't be a truth value",
		`readinessProbe: {httpGet: {port: {a: b}}}`:  "readinessProbe.httpGet.port: can't be a mapping",
		`resources: {requests: {cpu: 1e474031877}}`:  "resources.requests.cpu: 1e474031877 has an exponent of three digits",
		`volumeMounts: [{name: a, readOnly: maybe}]`: "volumeMounts[name=a].readOnly: can't be a string",
	} {
		text := strings.Replace(unreadable, "FIELD", field, 1)
		for name, place := range map[string]string{"": "line 10: ", "web.yaml": "web.yaml:10: "} {
			err := runUnreadable(t, text, name).Findings.Err()
			require.ErrorContains(t, err, place+"Deployment web spec.template.spec.containers[name=web]."+says)
			require.NotContains(t, err.Error(), "hunter2")
		}
	}
}

// What kubectl reads as a truth value is one: it sends it to the API server as such.
func TestOldTruthValues(t *testing.T) {
	for _, word := range []string{"y", "Yes", "on", "NO", "off", "true"} {
		for _, field := range []string{"stdin: " + word, "volumeMounts: [{name: a, mountPath: /a, readOnly: " + word + "}]"} {
			out := runUnreadable(t, strings.Replace(unreadable, "FIELD", field, 1), "")
			require.NoError(t, out.Findings.Err(), field)
			require.Contains(t, out.Files()[0].Text, field, "what a person wrote stays")
		}
	}
}

// An empty list in the place of a mapping isn't an empty mapping: kubectl refuses it, and a record couldn't give it
// back.
func TestEmptyListsForMappings(t *testing.T) {
	for _, field := range []string{"[]", "\n    []", "[ ] # none", "!!seq []"} {
		text := strings.Replace(unreadable, "metadata: {name: web}", "metadata:\n  name: web\n  annotations: "+field, 1)
		err := runUnreadable(t, strings.Replace(text, "FIELD", "stdin: true", 1), "").Findings.Err()
		require.ErrorContains(t, err, "Deployment web: metadata.annotations: is a list where a mapping should be", field)
	}
}
