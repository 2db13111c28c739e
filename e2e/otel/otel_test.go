package otel

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/agent"
)

const endpoint = "https://example.com:4317"

// verified is an entry whose backend has a certificate of the tests' authority.
var verified = agent.OTelAgent{Endpoint: endpoint, CA: &pattern.CABundle{SecretName: "ca"}}

// launch runs a collector and waits until the kubelet would call it started.
func launch(t *testing.T, spec corev1.Container, volumes map[string]*pod.Volume) *pod.Container {
	t.Helper()
	pod.AddAddress(t, pod.IP)
	c := pod.Launch(t, spec, volumes)
	c.SetHosts(home + " " + name)
	probe := spec.StartupProbe.HTTPGet
	c.WaitFor("the startup probe", func() bool {
		r, err := http.Get("http://" + net.JoinHostPort(pod.IP, probe.Port.String()) + probe.Path)
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return c
}

// what an SDK says of an app.
var said = map[string]string{
	"traces": `{"resourceSpans": [{
		"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "the-shop"}}]},
		"scopeSpans": [{"spans": [{
			"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "a-span", "kind": 2,
			"startTimeUnixNano": "1", "endTimeUnixNano": "2"}]}]}]}`,
	"metrics": `{"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"metrics": [{
		"name": "a-metric", "gauge": {"dataPoints": [{"asInt": "1", "timeUnixNano": "1"}]}}]}]}]}`,
	"logs": `{"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [{
		"timeUnixNano": "1", "body": {"stringValue": "a-line"}}]}]}]}`,
}

// say sends it to where the app's variable leads.
func say(t *testing.T, app corev1.Container, kind string) {
	t.Helper()
	require.Equal(t, "OTEL_EXPORTER_OTLP_ENDPOINT", app.Env[0].Name)
	r, err := http.Post(app.Env[0].Value+"/v1/"+kind, "application/json", strings.NewReader(said[kind]))
	require.NoError(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.StatusCode, string(body))
}

func TestSends(t *testing.T) {
	for protocol, paths := range map[agent.OTLPProtocol]map[string]string{
		agent.OTLPgRPC: {
			"traces":  "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
			"metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
			"logs":    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
		},
		agent.OTLPHTTP: {"traces": "/v1/traces", "metrics": "/v1/metrics", "logs": "/v1/logs"},
	} {
		t.Run(string(protocol), func(t *testing.T) {
			b := serve(t, "4317")
			spec, files, app := renderCollector(t, agent.OTelAgent{
				Endpoint: endpoint,
				Protocol: protocol,
				CA:       &pattern.CABundle{ConfigMapName: "ca"},
				Headers:  map[string]agent.HeaderSecret{"authorization": {SecretName: "otel", Key: "token"}},
			})
			c := launch(t, spec, mounts(t, files, b.ca))
			for kind, text := range map[string]string{"traces": "a-span", "metrics": "a-metric", "logs": "a-line"} {
				say(t, app, kind)
				m := pod.Receive(t, kind, b.got)
				require.Equal(t, paths[kind], m.path)
				require.Equal(t, values["HEADER_0"], m.head.Get("Authorization"), "as it is in the Secret")
				require.Contains(t, m.body, text)
				for key, value := range map[string]string{
					"k8s.pod.name": "shop-1", "k8s.namespace.name": "prod", "k8s.node.name": "node-7",
				} {
					require.Contains(t, m.body, key)
					require.Contains(t, m.body, value)
				}
			}
			pod.RequireRestricted(t, c.Cmd.Process.Pid, "10001")
			c.RequireSmall()
			require.NotContains(t, c.Log.String(), "deprecated")
		})
	}
}

// Nobody outside of the pod can hand anything over, and the endpoint need not be there
// for the app to start; what it says meanwhile is sent later.
func TestStartsAlone(t *testing.T) {
	spec, files, app := renderCollector(t, verified)
	s := serve(t, "4399") // for its certificate, which they share
	launch(t, spec, mounts(t, files, s.ca))
	for _, port := range []string{"4317", "4318"} {
		_, err := net.DialTimeout("tcp", net.JoinHostPort(pod.IP, port), pod.Patience)
		require.ErrorContains(t, err, "connection refused")
	}
	say(t, app, "traces")
	b := serve(t, "4317")
	require.Contains(t, pod.Receive(t, "what was said", b.got).body, "a-span")
}

// What can't be delivered is counted where somebody asks for it.
func TestOwnMetrics(t *testing.T) {
	spec, files, app := renderCollector(t, agent.OTelAgent{Endpoint: endpoint, MetricsPort: 8888})
	require.Equal(t, corev1.ContainerPort{Name: "otel-metrics", ContainerPort: 8888}, spec.Ports[1])
	serve(t, "4317") // its authority isn't known
	launch(t, spec, mounts(t, files, ""))
	say(t, app, "traces")
	pod.Poll(t, "the metrics", func() bool {
		r, err := http.Get("http://" + net.JoinHostPort(pod.IP, "8888") + "/metrics")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		return strings.Contains(string(text), "\notelcol_receiver_accepted_spans{") &&
			strings.Contains(string(text), "\notelcol_exporter_queue_size{")
	})
}

// The backend's certificate is verified.
func TestRefuses(t *testing.T) {
	b := serve(t, "4317")
	spec, files, app := renderCollector(t, agent.OTelAgent{Endpoint: endpoint}) // public authorities don't know ours
	c := launch(t, spec, mounts(t, files, ""))
	say(t, app, "logs")
	pod.Poll(t, "the reason", func() bool {
		return strings.Contains(c.Log.String(), "certificate signed by unknown authority")
	})
	require.Empty(t, b.got)
}

// What the app says last is sent before the collector ends.
func TestEnds(t *testing.T) {
	b := serve(t, "4317")
	spec, files, app := renderCollector(t, verified)
	c := launch(t, spec, mounts(t, files, b.ca))
	// The collector says that it is ready before it listens to signals; what came through
	// it has left that moment behind.
	say(t, app, "logs")
	require.Contains(t, pod.Receive(t, "what was said first", b.got).body, "a-line")
	say(t, app, "logs")
	c.Terminate()
	c.RequireSuccess()
	require.Contains(t, pod.Receive(t, "what was said", b.got).body, "a-line")
}
