package manifest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// layouts are one Deployment as people, kustomize and kpt write it.
var layouts = map[string]string{
	"wide": `# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # short
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: app
          image: "web:1"
          # the door
          ports:
            - name: http
              containerPort: 9200
          # nothing else
          readinessProbe:
            httpGet: {path: /, port: http}
        # - name: old
      # that's all
status: {}
`,
	"compact": `apiVersion: apps/v1
kind: Deployment
metadata:
  annotations:
    a: b
  name: web
spec:
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - args: ["--x", "--y"]
        env: []
        image: web:1
        name: app
        ports:
        - containerPort: 9200
        - containerPort: 9300
          name: transport
        readinessProbe:
          httpGet:
            path: /
            port: 9200`,
	"first key": `apiVersion: apps/v1
kind: Deployment
metadata:
    name: web
    annotations:
spec:
    template:
        spec:
            volumes: # none yet
            containers:
                - ports:
                    - containerPort: 9200
                  name: app
                  command:
                    - sh
                    - -c
                    - |
                      exec web

                      # not a comment
`,
	"json": `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"containers": [
  {"name": "app", "ports": [{"containerPort": 9200}], "env": [{"name": "A", "value": "b"}]}]}}}}
`,
	"stream": "---\r\napiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: other\r\ndata: {a: |-\r\n---\r\napiVersion: apps/v1\r\nkind: Deployment\r\nmetadata:\r\n  name: web\r\nspec:\r\n  template:\r\n    spec:\r\n      containers:\r\n      - name: app\r\n        ports: [{containerPort: 9200, name: http}]\r\n",
}

// edits are what a TLS proxy wants, in the engine's terms.
func edits() []sidecar.Edit {
	ref := sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "web"}
	pod := sidecar.Fields("spec", "template", "spec")
	app := pod.To("containers").At("name", "app")
	e := func(p sidecar.Path, v any) sidecar.Edit { return sidecar.Edit{Object: ref, Path: p, Value: v} }
	return []sidecar.Edit{
		e(app.To("env").At("name", "http.port"), map[string]string{"name": "http.port", "value": "9201"}),
		e(app.To("env").At("name", "on"), json.RawMessage(`{"name": "on", "value": "no\nyes \n"}`)),
		e(app.To("args").At(".", "--z"), "--z"),
		{Object: ref, Path: app.To("ports").At("containerPort", "9200"), Delete: true},
		e(app.To("lifecycle", "preStop"), map[string]any{"sleep": map[string]int{"seconds": 5}}),
		e(pod.To("volumes").At("name", "tmp"), json.RawMessage(`{"name": "tmp", "emptyDir": {}}`)),
		e(pod.To("initContainers").At("name", "proxy"), json.RawMessage(`{"name": "proxy", "image": "nginx", "ports": [{"containerPort": 9200}]}`)),
		e(sidecar.Fields("metadata", "annotations", "outrigger.dev/patterns"), "proxy"),
		e(sidecar.Fields("spec", "template", "metadata", "annotations", "outrigger.dev/patterns"), "proxy"),
	}
}

func TestLayAndStrip(t *testing.T) {
	for name, text := range layouts {
		t.Run(name, func(t *testing.T) {
			if name == "stream" {
				text = strings.Replace(text, "data: {a: |-\r\n", "data: {a: x}\r\n", 1)
			}
			in, err := Parse("", text)
			require.NoError(t, err)
			out, fs := Lay([]*Text{in}, edits(), nil, Options{By: "shop", Record: true})
			require.Empty(t, fs)
			t.Log("\n" + out[0])
			laid, err := Parse("", out[0])
			require.NoError(t, err, out[0])
			o := laid.Objects[len(laid.Objects)-1]
			for _, e := range edits() {
				v, there := o.Have(e.Path)
				require.Equal(t, !e.Delete, there, "%s in\n%s", e.Path, out[0])
				require.True(t, e.Delete || Same(v, e.Value), "%s in\n%s", e.Path, out[0])
			}
			again, fs := Lay([]*Text{laid}, edits(), nil, Options{By: "shop"})
			require.Empty(t, fs)
			require.Equal(t, out[0], again[0], "twice is once")
			back, fs := Strip(laid, "shop", true)
			require.Empty(t, fs)
			require.Equal(t, text, back.String(), "taking off gives back")
		})
	}
}
