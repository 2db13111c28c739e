package fn

import (
	"bytes"
	"strings"
)

// call runs the function and returns the exit code that the program would have.
func call(list string) (code int, out, stderr string) {
	var o, e bytes.Buffer
	if Process(strings.NewReader(list), &o, &e) != nil {
		code = 1
	}
	return code, o.String(), e.String()
}

const sidecars = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment, name: web}]
  patterns:
    - tlsProxy:
        port: 8080
        secretName: web-tls
        rebind: {port: 8081, env: {LISTEN: "127.0.0.1:8081"}}
`

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1 # pinned
          ports: [{name: http, containerPort: 8080}]
`

// list returns a ResourceList of objects and a config.
func list(config string, objects ...string) string {
	var b strings.Builder
	b.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for _, o := range objects {
		b.WriteString("- " + strings.ReplaceAll(strings.TrimSpace(o), "\n", "\n  ") + "\n")
	}
	if config != "" {
		b.WriteString("functionConfig:\n  " + strings.ReplaceAll(strings.TrimSpace(config), "\n", "\n  ") + "\n")
	}
	return b.String()
}
