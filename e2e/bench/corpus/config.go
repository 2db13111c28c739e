package corpus

import "strings"

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

// Config is the same as a Sidecars document. It accepts that nothing is selected:
// the smallest corpora have no workload.
var Config = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata:
  name: bench
spec:
  select:
  - labelSelector: ` + LabelKey + `=` + LabelValue + `
    kind: Deployment|StatefulSet|DaemonSet
  expect:
    min: 0
  patterns:
  - name: nginx-sidecar
    placement: beside
    custom:
      containers:
      - ` + indentLines(8, Container) + `      volumes:
      ` + indentLines(6, Volumes)

// indentLines puts blanks before all lines but the first.
func indentLines(n int, text string) string {
	return strings.TrimSuffix(strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n)), strings.Repeat(" ", n))
}

// Config is the document with the way to select.
func (s Spec) Config() string {
	return strings.Replace(Config, Selections[0]+":", s.Selection()+":", 1)
}
