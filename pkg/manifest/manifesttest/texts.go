// Package manifesttest has texts for tests of several packages.
package manifesttest

// Layouts are one Deployment as people, kustomize and kpt write it.
var Layouts = map[string]string{
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
	"json": `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {
  "spec": {"containers": [
  {"name": "app", "ports": [{"containerPort": 9200}], "env": [{"name": "A", "value": "b"}]}]}}}}
`,
	"stream": "---\r\napiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: other\r\ndata: {a: |-\r\n---\r\n" +
		"apiVersion: apps/v1\r\nkind: Deployment\r\nmetadata:\r\n  name: web\r\nspec:\r\n  template:\r\n    spec:\r\n" +
		"      containers:\r\n      - name: app\r\n        ports: [{containerPort: 9200, name: http}]\r\n",
}

// Hostile are texts that a simple reader would misread.
var Hostile = []string{
	"", "\n", "---\n---\n", "a", "[]", "{}", "- - a\n  - b\n", "\ufeffkind: Pod\napiVersion: v1\nmetadata: {name: web}\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec: &s\n  containers:\n  - &c\n    name: app\n" +
		"    env: &e [{name: A, value: b}]\n  - *c\n",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n" +
		"  containers: [{name: app, ports: [{containerPort: 9200}, {containerPort: 1}]}]\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  <<: {volumes: [{name: a}]}\n  containers:\n" +
		"  - name: app\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    args: !!seq\n" +
		"    - 'it''s\n\n      long'\n    - \"q\\\"\n      r\" # c\n    - plain\n      goes: on\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  -\n    name: app\n" +
		"    command: [sh, -c, \"a, b]\"] # ]\n    x: |2+\n        deep\n\n\n  y: >-\n    folded\n    # text\n  # comment\n",
	"? apiVersion\n: v1\n? kind\n: Pod\n? metadata\n: name: web\n",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {a: b}}\n" +
		"spec: {containers: [{name: app, env: [a, b,]}]}\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations: ~\nspec:\n  containers:\n  - name: app\n" +
		"    ports:\n    - containerPort: 9200 # one\n    # two\n    - containerPort: 9300\n    env: null # three\n",
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    k: plain text\n" +
		"      on lines\n\n      and more # end\n",
}
