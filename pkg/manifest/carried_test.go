package manifest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// A record that comes with a base, and looks as if kustomize carried it, takes nothing out that
// an overlay has added.
func TestForgedCarriedRecord(t *testing.T) {
	const metrics = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: metrics}
spec:
  select: [{kind: Deployment}]
  patterns: [{name: metrics, custom: {containers: [{name: metrics, image: "metrics:1"}]}}]
`
	const added = `{"name": "guard", "image": "guard:1"}`
	mark := `{"at":"/spec/template/spec/containers/name=guard","is":"` + manifest.HashJSON([]byte(added)) + `"}`
	for name, entry := range map[string]string{
		"of nothing":       `{"name":"guard","custom":{}}`,
		"of something":     `{"name":"guard","placement":"beside","custom":{"containers":[{"name":"guard","image":"x:1"}]}}`,
		"without any":      ``,
		"of what is there": `{"name":"guard","placement":"beside","custom":{"containers":[` + added + `]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			record := `{"v":3,"documents":{"base/1":{"patterns":[` + entry + `]}},"containers":["guard"],"marks":[` + mark + `]}`
			out := layCarried(t, metrics, record, "- "+added+"\n")
			require.NoError(t, out.Findings.Err())
			laid := out.Texts[0].String()
			require.Contains(t, laid, "guard:1")
			require.Contains(t, laid, "metrics:1")
			require.Equal(t, 1, strings.Count(laid, "image: web:1"))
		})
	}
}

// A sidecar that a forged record tells of, and that doesn't stand there, has moved no app.
func TestForgedCarriedProxy(t *testing.T) {
	const metrics = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: metrics}
spec:
  select: [{kind: Deployment}]
  patterns: [{exporter: {preset: elasticsearch, monitor: None}}]
`
	record := `{"v":3,"documents":{"base/1":{"patterns":[{"tlsProxy":{"port":9200,"secretName":"tls",` +
		`"rebind":{"port":9201,"env":{"http.port":"9201"}}}}]}},"marks":[]}`
	out := layCarried(t, metrics, record, "  ports: [{containerPort: 9200}]\n")
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Texts[0].String(), "127.0.0.1:9200")
}

// layCarried lays a document on a Deployment of a build of kustomize's that carries a record.
// more is the end of its list of containers.
func layCarried(t *testing.T, document, record, more string) rig.Output {
	t.Helper()
	list := `apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web
    annotations:
      kustomize.config.k8s.io/id: |
        kind: Deployment
      internal.config.kubernetes.io/allowKindChange: '` + record + `'
  spec:
    template:
      spec:
        containers:
        - name: app
          image: web:1
        ` + more
	text, err := manifest.Parse("", list)
	require.NoError(t, err)
	conf, fs := config.Read([]byte(document), "")
	require.NoError(t, fs.Err())
	return rig.RunTexts([]*manifest.Text{text}, []*config.Sidecars{conf}, rig.Options{})
}

// An object holds another one where more was added to it, in whatever order of its lists.
func TestHolds(t *testing.T) {
	object := func(ports string) *manifest.Object {
		text, err := manifest.Parse("", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: ["+ports+"]}\n")
		require.NoError(t, err)
		return text.Objects[0]
	}
	before := object("{port: 80, targetPort: 8080}")
	require.True(t, object("{port: 90}, {name: http, port: 80, targetPort: 8080}").Holds(before))
	require.False(t, object("{port: 80, targetPort: http}").Holds(before))
	require.False(t, object("").Holds(before))
}
