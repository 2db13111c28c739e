package config

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestTry(t *testing.T) {
	for _, s := range []string{`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata:
  name: search
spec:
  select:
    - kind: Deployment
      name: elasticsearch
  patterns:
    - tlsProxy:
        port: 9200
        secretName: elasticsearch-tls
        rebind:
          port: 9201
          env: {network.host: 127.0.0.1, http.port: "9201"}
`, `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search, creationTimestamp: null, foo: x}
spec:
  kubernetesVersion: 1.30
  rollout: hsah
  expect: {min: 3, max: 2}
  select:
    kind: Deployment
  exclude:
    - {}
    - name: "a("
      labelSelector: "a==b==c"
  patterns:
    - tlsProxy:
        port: "9200"
        secretname: elasticsearch-tls
        env: {a: b}
        rebind:
          port: 9201
          prot: 7
          drainSeconds: 7
          env: {network.host: 127.0.0.1, http.port: 9201, A: yes, B: true, C: , D: 2024-01-01}
    - name: x
      tlsProxy:
      custom:
        containers: [{image: foo, env: [{name: A, value: 1.10}], resources: {limits: {cpu: 1x}}, ports: [{containerPort: a}], livenessProbe: {httpGet: {path: /, port: true}}}]
        objects: [{apiVersion: v1, kind: ConfigMap, data: {a: .nan, b: 1, b: 2}}]
    - tlsproxy: {}
    - app: A_B
      image: foo
      privileged: true
    - name: tls-proxy
      custom: {}
      override: {image: x, ports: [{name: a}], imagePullPolicy: always}
      after: [tls-proxy]
    - tlsProxy: {port: 99999999999, secretName: a, rebind: {port: 0}}
`, `apiVersion: v1
kind: ConfigMap
metadata: {name: function-input}
data:
  pattern: tlsProxy
  kind: Deployment
  name: elasticsearch
  port: "9200"
  secretName: x
  expect.max: "3"
  rebind.port: "9201"
  rebind.env.http.port: "9201"
  after: a, b
  override.resources.limits.cpu: "1"
  override.resources.limits.memory: "1Gi"
`, `apiVersion: v1
kind: ConfigMap
metadata: {name: function-input}
data:
  pattern: tlsProxi
  prot: "9200"
`, `apiVersion: v1
kind: ConfigMap
metadata: {name: function-input}
data:
  pattern: tlsProxy
  port: x
  name: y
  prot: x
  rebind: a
  rebind.port: 7
  override.ports: "9"
  drainSeconds: "true"
`} {
		c, fs := Read([]byte(s), "c.yaml")
		fmt.Println(fs.Error())
		b, _ := json.Marshal(c)
		fmt.Println(string(b))
	}
}
