package rig

import (
	"regexp"
	"strconv"
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

// What can't be read is found where it stands in the file that the user has, not in what is left of it without an
// earlier run's work.
func TestPlacesOfWhatIsBroken(t *testing.T) {
	conf := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+
		"    - tlsProxy: {mode: front, port: 80, protocol: http, secretName: s}\n")
	service := "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector: {app: web}\n" +
		"  ports: [{port: 80, targetPort: 80}]\n"
	laid := Run([]File{{"web.yaml", deployment("web", "") + service}}, conf, Options{InPlace: true})
	require.NoError(t, laid.Findings.Err())
	text := laid.Files()[0].Text
	for _, after := range []string{"kind: Deployment\n", "kind: Service\n"} {
		for broken, says := range map[string]string{
			"x: a: b\n":         "mapping values are not allowed",
			"x: {a: 1, a: 2}\n": "a field stands here that its mapping has already in line LINE",
			"x: 'a\n---\nb'\n":  "found unexpected document indicator",
		} {
			head, rest, _ := strings.Cut(text, after)
			line := strconv.Itoa(strings.Count(head, "\n") + 2)
			files := []File{{"web.yaml", head + after + broken + rest}}
			says = "web.yaml:" + line + ": " + after[6:len(after)-1] + " web: " + strings.Replace(says, "LINE", line, 1)
			require.ErrorContains(t, Run(files, conf, Options{InPlace: true}).Findings.Err(), says)
			_, fs := Strip(files, "")
			require.ErrorContains(t, fs.Err(), says)
		}
	}
}

// A workload that can't be read is that, whatever selects it: nobody knows whether it has a pod template.
func TestNothingElseIsSaidOfWhatIsBroken(t *testing.T) {
	for _, selector := range []string{"{kind: Deployment}", "{name: web}", "{podSelector: app=web}"} {
		conf := readSpec(t, "  select: ["+selector+"]\n  patterns: [{waitFor: {targets: ['db:5432']}}]\n")
		text := strings.Replace(deployment("web", ""), "spec:\n", "spec:\n  x: a: b\n", 1)
		fs := Run([]File{{"web.yaml", text}}, conf, Options{}).Findings
		require.Len(t, fs, 1, selector)
		require.Equal(t, "yaml-syntax", fs[0].Code)
		require.Equal(t, 7, fs[0].Line)
	}
}

// Neither is something else said of an object that outrigger wrote.
func TestNothingElseIsSaidOfBrokenOwnObjects(t *testing.T) {
	conf := readSpec(t, "  select: [{name: web}]\n"+
		"  patterns: [{otelAgent: {endpoint: 'https://otel.example.com:4317'}}]\n")
	laid := Run([]File{{"web.yaml", deployment("web", "")}}, conf, Options{InPlace: true})
	require.NoError(t, laid.Findings.Err())
	text := strings.Replace(laid.Files()[0].Text, "kind: ConfigMap\n", "kind: ConfigMap\nx: a: b\n", 1)
	files := []File{{"web.yaml", text}}
	says := regexp.MustCompile(`^web\.yaml:\d+: ConfigMap web-otel-agent: mapping values are not allowed in this context$`)
	require.Regexp(t, says, Run(files, conf, Options{InPlace: true}).Findings.Err().Error())
	_, fs := Strip(files, "")
	require.Regexp(t, says, fs.Err().Error())
}
