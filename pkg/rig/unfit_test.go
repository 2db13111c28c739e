package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// With unfit: skip, a document for many workloads passes over those that a pattern plainly isn't for, whatever else is
// wrong with it there. Without it, the same is an error.
func TestUnfit(t *testing.T) {
	const labels = "metadata: {labels: {app: a}}, "
	const mount = "volumeMounts: [{name: c, mountPath: /c"
	const volume = "], volumes: [{name: c, configMap: {name: c}}]"
	workload := func(meta, container string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: n}\nspec: {template: {" + meta +
			"spec: {containers: [{name: app, image: app:1" + container + "}}}\n"
	}
	port := func(name string) string { return workload(labels, ", ports: [{name: "+name+", containerPort: 80}]}]") }
	restricted := "---\napiVersion: v1\nkind: Namespace\n" +
		"metadata: {name: n, labels: {pod-security.kubernetes.io/enforce: restricted}}\n"
	const front = "mode: front, networkPolicy: {isolated: false}, "
	const auth = "authProxy: {" + front + "secretName: t, basic: {secretName: u}}"
	const signal = "configReload: {signal: {process: app}}"
	const webhook = "configReload: {webhook: {url: 'http://127.0.0.1:80/-/reload'}}"
	for name, c := range map[string]struct{ pattern, text, says string }{
		"no labels": {"tlsProxy: {" + front + "secretName: t}", workload("", ", ports: [{containerPort: 80}]}]"),
			"the pods have no labels for a NetworkPolicy to select"},
		"no HTTP": {auth, port("redis"), "port 80 of container app isn't for HTTP, as its name or a Service's says"},
		"TLS":     {auth, port("metricshttps"), "container app declares only ports with TLS, 80 (metricshttps)"},
		"gRPC":    {auth, port("grpc-api"), "port 80 of container app isn't for HTTP, as its name or a Service's says"},
		"no Service and no labels": {"tlsProxy: {" + front + "certificate: {issuerRef: {name: i}}}",
			workload("", ", ports: [{containerPort: 80}]}]"), "the pods have no labels for a NetworkPolicy to select"},
		"nothing mounted, and no user": {signal, port("http"), "container app mounts no ConfigMap and no Secret"},
		"subPath": {webhook, workload(labels, ", "+mount+", subPath: x}]}"+volume),
			"container app mounts volume c at /c with subPath, where files never change"},
		"new names": {webhook,
			strings.ReplaceAll(workload(labels, ", "+mount+"}]}"+volume), "{name: c}}", "{name: c-2456789bcd}}"),
			"ConfigMap c-2456789bcd gets a new name with each change"},
		"a port of the node": {"exporter: {image: 'e:1', metricsPort: 9000}",
			workload(labels, "}], hostNetwork: true"), "metrics are on the node's port 9000"},
		"no such volume": {"permissions: {volumes: [data], runAsUser: 1}", port("http"), "the pod has no volume data"},
		"a volume that isn't mounted": {"permissions: {volumes: [c], mode: chown, runAsUser: 1}",
			workload(labels, "}"+strings.Replace(volume, "configMap: {name: c}", "emptyDir: {}", 1)),
			"container app doesn't mount volume c"},
		"namespace": {"sysctl: {sysctls: [{name: vm.max_map_count, value: '262144'}]}", port("http") + restricted,
			"the namespace's label pod-security.kubernetes.io/enforce: restricted refuses the privileged container"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := "  expect: {min: 0}\n  select: [{name: .*}]\n  patterns: [{" + c.pattern + "%}]\n"
			run := func(more string) Output {
				return Run([]File{{Text: c.text}}, readSpec(t, strings.Replace(spec, "%", more, 1)), Options{})
			}
			require.Contains(t, run("").Findings.Error(), c.says)
			skipped := run(", unfit: skip")
			require.NoError(t, skipped.Findings.Err())
			require.Equal(t, sidecar.Skipped, skipped.Findings[0].Code)
			require.Contains(t, skipped.Findings[0].Message, "skipped: "+c.says)
			require.Equal(t, c.text, skipped.Texts[0].String())
		})
	}
}

// Volumes that a document names are the workload's own matter: a mistake there is never skipped.
func TestNamedVolumesAreNoSkip(t *testing.T) {
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: app, image: app:1, " +
		"volumeMounts: [{name: c, mountPath: /c, subPath: x}]}], volumes: [{name: c, configMap: {name: c}}]}\n"
	conf := readSpec(t, "  select: [{name: a}]\n  patterns: [{unfit: skip, configReload: {volumes: [c], "+
		"webhook: {url: 'http://127.0.0.1:80/-/reload'}}}]\n")
	require.ErrorContains(t, Run([]File{{Text: text}}, conf, Options{}).Findings.Err(), "with subPath")
}

// An annotation that names no container is as if it weren't there, as kubectl takes it, with a warning.
func TestDanglingDefaultContainer(t *testing.T) {
	text := "apiVersion: v1\nkind: Pod\n" +
		"metadata: {name: a, annotations: {kubectl.kubernetes.io/default-container: gone}}\n" +
		"spec: {containers: [{name: first, image: a:1}, {name: second, image: b:1}]}\n"
	run := func(app string) Output {
		return Run([]File{{Text: text}}, readSpec(t, "  select: [{name: a}]\n  patterns: [{name: x, "+app+
			"custom: {app: {env: [{name: X, value: y}]}}}]\n"), Options{})
	}
	out := run("")
	require.NoError(t, out.Findings.Err())
	require.Len(t, out.Findings, 1)
	require.Equal(t, "Pod a metadata.annotations[\"kubectl.kubernetes.io/default-container\"]: names gone, which isn't "+
		"an ordinary container of the pod, so sidecars serve the first one, first; name the app's container there, or in app",
		out.Findings[0].String())
	require.Regexp(t, `name: first, image: a:1, env: \[`, out.Texts[0].String())
	require.Empty(t, run("app: second, ").Findings, "the annotation doesn't matter there")
	text = strings.Replace(text, ", {name: second, image: b:1}", "", 1)
	require.Empty(t, run("").Findings, "there is no other container")
	text = strings.Replace(text, "spec: {", "spec: {hostNetwork: true, ", 1)
	text = strings.Replace(text, "a:1}", "a:1}, {name: second, image: b:1}", 1)
	skipped := Run([]File{{Text: text}}, readSpec(t, "  expect: {min: 0}\n  select: [{name: a}]\n  patterns: [{"+
		"unfit: skip, tlsProxy: {mode: front, secretName: t}}]\n"), Options{}).Findings
	require.Len(t, skipped, 1, "no sidecar serves a container")
	require.Equal(t, sidecar.Skipped, skipped[0].Code)
}

// A Knative Service gets what Knative takes, and nothing else.
func TestKnative(t *testing.T) {
	text := "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {template: {spec: " +
		"{containers: [{name: app, image: app:1, ports: [{containerPort: 8080}]}]}}}\n"
	run := func(entry string) Output {
		spec := "  expect: {min: 0}\n  select: [{name: a}]\n  patterns: [{" + entry + "}]\n"
		return Run([]File{{Text: text}}, readSpec(t, spec), Options{})
	}
	require.ErrorContains(t, run("redisCache: {}").Findings.Err(),
		"Knative refuses native sidecars; write placement: beside")
	require.ErrorContains(t, run("waitFor: {targets: ['db:5432']}").Findings.Err(), "Knative refuses init containers")
	skipped := run("unfit: skip, waitFor: {targets: ['db:5432']}")
	require.NoError(t, skipped.Findings.Err())
	require.Equal(t, text, skipped.Texts[0].String())
	served := run("placement: beside, redisCache: {}")
	require.NoError(t, served.Findings.Err())
	require.Contains(t, served.Texts[0].String(), "name: redis-cache")
	require.NotContains(t, served.Texts[0].String(), "Probe")
	own := run("placement: beside, redisCache: {}, override: {livenessProbe: {tcpSocket: {port: 6379}}}")
	require.ErrorContains(t, own.Findings.Err(), "Knative refuses probes of a second container")
}
