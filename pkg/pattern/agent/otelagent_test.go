package agent

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// otelConf is the configuration of a collector that must work.
func otelConf(t *testing.T, p *OTelAgent, w *sidecar.Workload) map[string]any {
	t.Helper()
	require.NoError(t, p.Validate().Err())
	c, err := sidecar.Build(p, w)
	require.NoError(t, err)
	var m struct{ Data map[string]string }
	require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &m))
	var conf map[string]any
	require.NoError(t, json.Unmarshal([]byte(m.Data[otelKey]), &conf))
	return conf
}

func TestOTelAgentExporter(t *testing.T) {
	old := func(w *sidecar.Workload) {
		w.Override = &corev1.Container{Image: "otel/opentelemetry-collector:0.120.0"}
	}
	for name, c := range map[string]struct {
		p    *OTelAgent
		view func(*sidecar.Workload)
		want string
	}{
		"gRPC": {&OTelAgent{Endpoint: "https://otel.example.com:4317"}, nil,
			`{"otlp_grpc": {"endpoint": "https://otel.example.com:4317"}}`},
		"HTTP": {&OTelAgent{Endpoint: "https://otel.example.com/otlp", Protocol: OTLPHTTP}, nil,
			`{"otlp_http": {"endpoint": "https://otel.example.com/otlp"}}`},
		"gRPC, earlier": {&OTelAgent{Endpoint: "http://10.0.0.1:4317"}, old,
			`{"otlp": {"endpoint": "http://10.0.0.1:4317"}}`},
		"HTTP, earlier": {&OTelAgent{Endpoint: "http://[2001:db8::1]:4318", Protocol: OTLPHTTP}, old,
			`{"otlphttp": {"endpoint": "http://[2001:db8::1]:4318"}}`},
		"a CA and headers": {&OTelAgent{Endpoint: "https://otel.example.com:4317", CA: &pattern.CABundle{SecretName: "ca"},
			Headers: map[string]HeaderSecret{"x-b": {"s", "b"}, "x-a": {"s", "a"}}}, nil,
			`{"otlp_grpc": {"endpoint": "https://otel.example.com:4317", "tls": {"ca_file": "/etc/outrigger/ca/ca.crt"}, ` +
				`"headers": {"x-a": "${env:HEADER_0}", "x-b": "${env:HEADER_1}"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := patterntest.NewShop()
			if c.view != nil {
				c.view(w)
			}
			conf := otelConf(t, c.p, w)
			raw, err := json.Marshal(conf["exporters"])
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(raw))
			receivers, err := json.Marshal(conf["receivers"])
			require.NoError(t, err)
			require.JSONEq(t,
				`{"otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:4317"}, "http": {"endpoint": "127.0.0.1:4318"}}}}`,
				string(receivers))
		})
	}
}

// The app's SDK is told where to go by the protocol that it speaks.
func TestOTelAgentEnv(t *testing.T) {
	p := &OTelAgent{Endpoint: "https://otel.example.com:4317", GRPCPort: 5317, HTTPPort: 5318}
	for protocol, want := range map[string][]string{
		"":          {"http://127.0.0.1:5318", "http/protobuf"},
		"http/json": {"http://127.0.0.1:5318", "http/json"},
		"grpc":      {"http://127.0.0.1:5317", "grpc"},
	} {
		c, err := sidecar.Build(p, patterntest.NewShop(func(w *sidecar.Workload) {
			if protocol != "" {
				w.Pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: otelProtocolVar, Value: protocol}}
			}
		}))
		require.NoError(t, err)
		require.Equal(t, sidecar.Vars(corev1.EnvVar{Name: otelEndpointVar, Value: want[0]},
			corev1.EnvVar{Name: otelProtocolVar, Value: want[1]}), c.App.Env)
	}
}

// What the garbage collector knows is four fifths of the limit, whoever writes it.
func TestOTelAgentMemory(t *testing.T) {
	for limit, want := range map[string]string{"": "204MiB", "1Gi": "819MiB", "0": "204MiB"} {
		c, err := sidecar.Build(&OTelAgent{Endpoint: "https://otel.example.com:4317"},
			patterntest.NewShop(func(w *sidecar.Workload) {
				if limit != "" {
					limited(limit)(w)
				}
			}))
		require.NoError(t, err)
		require.Contains(t, c.Containers[0].Env, corev1.EnvVar{Name: "GOMEMLIMIT", Value: want})
	}
}

func TestOTelAgentRefuses(t *testing.T) {
	const example = "; write one like https://otel.example.com:4317"
	at := func(endpoint string) *OTelAgent { return &OTelAgent{Endpoint: endpoint} }
	for name, c := range map[string]struct {
		p    *OTelAgent
		view func(*sidecar.Workload)
		want []string
	}{
		"nothing": {at(""), nil, []string{"error missing-field: endpoint: the endpoint is missing" + example}},
		"no scheme": {at("otel.example.com:4317"), nil,
			[]string{"error bad-value: endpoint: it isn't a valid http or https URL" + example}},
		"a variable": {at("https://${env:X}:4317"), nil,
			[]string{"error bad-value: endpoint: it isn't a valid http or https URL" + example}},
		"a password": {at("https://me:secret@otel.example.com:4317"), nil,
			[]string{"error bad-value: endpoint: everybody who can see the ConfigMap could read the password; send it as a " +
				"header, from a Secret: headers: {authorization: {secretName: ..., key: ...}}"}},
		"a path": {at("https://otel.example.com:4317/v1"), nil,
			[]string{"error bad-value: endpoint: URLs of gRPC have no path; remove the path, or write protocol: http"}},
		"no port": {at("https://otel.example.com"), nil, []string{"error bad-value: endpoint: no port is given" + example}},
		"a port": {at("https://otel.example.com:0"), nil,
			[]string{`error bad-value: endpoint: "0" isn't a valid port; write 1 to 65535`}},
		"itself": {at("https://localhost:4317"), nil,
			[]string{`error bad-value: endpoint: "localhost" is the pod itself` + example}},
		"no name": {at("https://otel_1:4317"), nil,
			[]string{`error bad-value: endpoint: "otel_1" isn't a valid server name` + example}},
		"plain": {at("http://otel:4317"), nil,
			[]string{
				"info plaintext: endpoint: telemetry is sent without TLS; write https:// if it leaves the cluster"}},
		"plain, with a CA": {
			&OTelAgent{Endpoint: "http://otel:4317", CA: &pattern.CABundle{SecretName: "ca"},
				Headers: map[string]HeaderSecret{"a": {"s", "k"}}}, nil, []string{
				"warning plaintext: endpoint: the headers are sent without TLS, so anybody on the network path can read them; " +
					"write https://",
				"error bad-value: ca: has no effect: the endpoint is reached without TLS; remove it"}},
		"words": {&OTelAgent{Endpoint: "https://otel:4317", Protocol: "thrift", Headers: map[string]HeaderSecret{"a: b": {}},
			HTTPPort: 80, HealthPort: 4317}, nil, []string{
			`error bad-value: protocol: "thrift" is unknown; write grpc or http`,
			`error bad-value: headers: "a: b" can't be the name of a header; use letters, digits and dashes`,
			"error missing-field: headers.a: b.secretName: no Secret is named; name the one that has the header's value",
			"error missing-field: headers.a: b.key: no key of the Secret is named; name the one that has the header's value",
			"error bad-value: httpPort: port 80 needs root, and the sidecar doesn't run as root; write 1024 or more",
			"error bad-value: healthPort: 4317 is already used by grpcPort; write another port"}},
		"Secrets without the keys": {
			&OTelAgent{Endpoint: "https://otel:4317", CA: &pattern.CABundle{SecretName: "s"},
				Headers: map[string]HeaderSecret{"a": {"s", "k"}}}, func(w *sidecar.Workload) {
				w.Secrets = map[string][]string{"s": {"x"}}
			}, []string{
				"error secret-missing: headers.a.key: Secret s has no key k (it has x); name one of those",
				"error tls-invalid: ca.secretName: Secret s has no key ca.crt (it has x); name one that has the key, or set key"}},
		"past it": {at("https://otel:4317"), func(w *sidecar.Workload) {
			w.Pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", Value: "https://secret"}}
		}, []string{"warning otel-bypassed: container shop has OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, which takes precedence " +
			"over OTEL_EXPORTER_OTLP_ENDPOINT and bypasses the collector; remove it"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := patterntest.NewShop()
			if c.view != nil {
				c.view(w)
			}
			require.Equal(t, c.want, patterntest.FindingLines(t, c.p, w))
		})
	}
}

// FuzzOTelAgent writes whatever there is into each field: it's refused, or it's a text
// in its place, in which the collector finds no variables but ours.
func FuzzOTelAgent(f *testing.F) {
	f.Add("https://otel.example.com:4317", "grpc", "authorization", "otel", "token")
	f.Add("https://otel.example.com:4317\",\"x\":\"", "http", "a\": \"b", "Otel", "../x")
	f.Add("https://${env:SECRET}.example.com:4317", "", "${env:X}", "", "")
	f.Fuzz(func(t *testing.T, endpoint, protocol, header, secret, key string) {
		p := &OTelAgent{Endpoint: endpoint, Protocol: OTLPProtocol(protocol)}
		if header != "" {
			p.Headers = map[string]HeaderSecret{header: {secret, key}}
		}
		if c, err := sidecar.Build(p, patterntest.NewShop()); err != nil {
			require.Nil(t, c)
			return
		}
		conf := otelConf(t, p, patterntest.NewShop())
		exporters := conf["exporters"].(map[string]any)
		require.Len(t, exporters, 1)
		for _, e := range exporters {
			settings := e.(map[string]any)
			require.Equal(t, endpoint, settings["endpoint"])
			require.NotContains(t, endpoint, "$")
			if header != "" {
				require.Equal(t, map[string]any{header: "${env:HEADER_0}"}, settings["headers"])
				require.NotContains(t, header, "$")
				require.NotContains(t, header, ":")
			}
		}
		require.False(t, strings.ContainsAny(endpoint, "\n "))
	})
}
