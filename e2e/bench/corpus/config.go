package corpus

import (
	"cmp"
	"strings"
)

// ContainerName is that of the container that the sidecar adds.
const ContainerName = "nginx-sidecar"

// Container and Volumes are what every selected workload gets, as YAML. The
// container stands beside the app's: an ordinary one, as every peer adds it.
const (
	Container = `name: nginx-sidecar
image: nginx:1.29.3-alpine
args: ["-g", "daemon off;"]
ports:
- name: nginx
  containerPort: 18443
resources:
  requests:
    cpu: 10m
    memory: 32Mi
  limits:
    memory: 64Mi
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
volumeMounts:
- name: nginx-conf
  mountPath: /etc/nginx/conf.d
  readOnly: true
- name: nginx-cache
  mountPath: /var/cache/nginx
`
	Volumes = `- name: nginx-conf
  configMap:
    name: nginx-sidecar
    optional: true
- name: nginx-cache
  emptyDir: {}
`
)

// Selections are the ways to select the workloads that carry the label.
var Selections = []string{"labelSelector", "podSelector", "annotationSelector", "name", "exclude"}

// Selection returns the way to select.
func (s Spec) Selection() string { return cmp.Or(s.Select, Selections[0]) }

// IsPossible reports whether the form has what the way to select looks at.
func (s Spec) IsPossible() bool { return s.Form != Flow || s.Selection() != "annotationSelector" }

// nameEnd is the end of the names of workloads that are selected by name.
const nameEnd = "-nginx"

// selecting returns the fields of the document that select.
func (s Spec) selecting() string {
	kinds := "    kind: Deployment|StatefulSet|DaemonSet\n"
	switch s.Selection() {
	case "name":
		return "  select:\n  - name: .*" + nameEnd + "\n" + kinds
	case "exclude":
		return "  exclude:\n  - labelSelector: " + LabelKey + "!=" + LabelValue + "\n  select:\n  -" + kinds[3:]
	}
	return "  select:\n  - " + s.Selection() + ": " + LabelKey + "=" + LabelValue + "\n" + kinds
}

// Config is the same as a Sidecars document. It accepts that nothing is selected:
// the smallest corpora have no workload.
func (s Spec) Config() string {
	return `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata:
  name: bench
spec:
` + s.selecting() + `  expect:
    min: 0
  patterns:
  - name: nginx-sidecar
    placement: beside
    custom:
      containers:
      - ` + indentLines(8, Container) + `      volumes:
      ` + indentLines(6, Volumes)
}

// indentLines puts blanks before all lines but the first.
func indentLines(n int, text string) string {
	return strings.TrimSuffix(strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n)), strings.Repeat(" ", n))
}
