package migrate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/rendered"
)

var app = rendered.Deployment("shop", `          env:
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
`)

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
