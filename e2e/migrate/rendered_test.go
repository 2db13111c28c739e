package migrate

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

const app = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
        - name: shop
          image: shop:1
          env:
            - {name: HOST, value: 127.0.0.1}
            - {name: DATABASE_URL, value: "postgres://shop@$(HOST):5432/postgres?sslmode=disable"}
            - name: PGPASSWORD
              valueFrom: {secretKeyRef: {name: db, key: password}}
          volumeMounts:
            - {name: schema, mountPath: /srv}
          securityContext: {runAsUser: 1000, runAsGroup: 1000}
      volumes:
        - name: schema
          configMap: {name: schema}
`

// rendered is the pod of an app after a run, and the Job if there is one.
func rendered(t *testing.T, entry config.Entry) (spec corev1.PodSpec, job batchv1.Job) {
	t.Helper()
	asked, err := json.Marshal(config.Sidecars{APIVersion: config.APIVersion, Kind: config.Kind, Spec: config.Spec{
		Select:   []config.Selector{{Kind: "Deployment"}},
		Patterns: []config.Entry{entry},
	}})
	require.NoError(t, err)
	conf, fs := config.Read(asked, "")
	require.NoError(t, fs.Err())
	out := rig.Run([]rig.File{{Text: app}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())
	texts := strings.Split(out.Files()[0].Text, "\n---\n")
	var d appsv1.Deployment
	decode(t, texts[0], &d)
	if len(texts) > 1 {
		decode(t, texts[1], &job)
	}
	return d.Spec.Template.Spec, job
}

// decode reads YAML into an API type.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	var v any
	require.NoError(t, yaml.Unmarshal([]byte(text), &v))
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

// filled is a container with its variables and arguments as the kubelet fills them in:
// from Secrets, and by what stands earlier.
func filled(t *testing.T, c corev1.Container, secret map[string]string) corev1.Container {
	t.Helper()
	c = *c.DeepCopy()
	var known []string
	for i := range c.Env {
		e := &c.Env[i]
		if e.ValueFrom != nil {
			require.Equal(t, "db", e.ValueFrom.SecretKeyRef.Name)
			require.Contains(t, secret, e.ValueFrom.SecretKeyRef.Key)
			e.Value = secret[e.ValueFrom.SecretKeyRef.Key]
		} else {
			e.Value = strings.NewReplacer(known...).Replace(e.Value)
		}
		known = append(known, "$("+e.Name+")", e.Value)
	}
	for i := range c.Args {
		c.Args[i] = strings.NewReplacer(known...).Replace(c.Args[i])
	}
	return c
}
