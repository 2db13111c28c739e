package rig

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// A Service with the label of emitted objects is treated like any other. Otherwise, the label alone would make it
// bypass the proxy.
func TestServiceThatClaimsToBeOurs(t *testing.T) {
	conf, fs := config.Read([]byte(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: gate}
spec:
  select: [{kind: Deployment}]
  patterns:
    - authProxy:
        mode: front
        port: 8080
        secretName: tls
        basic: {secretName: users}
`), "")
	require.NoError(t, fs.Err())
	manifests := func(labels string) string {
		return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1
          ports:
            - containerPort: 8080
---
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {` + labels + `}
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: 8080
`
	}
	for name, labels := range map[string]string{"no label": "a: b", "label": "app.kubernetes.io/managed-by: outrigger"} {
		t.Run(name, func(t *testing.T) {
			out := Run([]File{{Text: manifests(labels)}}, conf, Options{})
			require.NoError(t, out.Findings.Err())
			require.Contains(t, out.Files()[0].Text, "targetPort: 8443", out.Findings)
		})
	}
}
