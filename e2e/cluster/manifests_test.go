//go:build cluster

package cluster

import (
	"fmt"
	"strings"
)

// deployment is a Deployment whose pod a restricted namespace accepts. User holds the fields that say as whom it runs;
// containers, and the fields of the pod that follow them, are indented by six.
func deployment(name, user, containers string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, %[2]s, seccompProfile: {type: RuntimeDefault}}
%[3]s`, name, user, containers)
}

// service is a Service of an app with one port, as a further document of a stream.
func service(app, port string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Service
metadata: {name: %[1]s}
spec:
  selector: {app: %[1]s}
  ports: [{%[2]s}]
`, app, port)
}

// sidecars is a config for one workload; the entries of its patterns are indented by four.
func sidecars(kind, name, patterns string) string {
	return fmt.Sprintf(`apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: %[2]s}
spec:
  select: [{kind: %[1]s, name: %[2]s}]
  patterns:
%[3]s`, kind, name, strings.TrimLeft(patterns, "\n"))
}

// tunnelToRedis is an entry for a tunnel to the namespace's Redis, with a client certificate from a Secret.
func (n *namespace) tunnelToRedis(secret string) string {
	return `
    - override: {imagePullPolicy: IfNotPresent, resources: {requests: {cpu: 5m}}}
      tunnel:
        listenPort: 6379
        host: ` + n.host("redis") + `
        port: 6380
        ca: {secretName: ` + secret + `}
        clientCertificate: {secretName: ` + secret + `}
        env: {REDIS_HOST: 127.0.0.1, REDIS_PORT: "6379"}
`
}

// singleReplica has one replica where the shop has two.
func singleReplica(manifests string) string {
	return strings.Replace(manifests, "replicas: 2", "replicas: 1", 1)
}

// withEnv adds variables to the shop's container; they are the items of a flow sequence.
func withEnv(manifests, env string) string {
	return strings.Replace(manifests, "env: [", "env: ["+env+", ", 1)
}

// withSettings mounts ConfigMap settings into the shop's container, which reads a file of it.
func withSettings(manifests string) string {
	return strings.NewReplacer(
		`          ports:`, "          volumeMounts: [{name: settings, mountPath: /etc/shop}]\n          ports:",
		"---\n", "      volumes: [{name: settings, configMap: {name: settings}}]\n---\n",
	).Replace(withEnv(manifests, "{name: CONFIG, value: /etc/shop/settings}"))
}
