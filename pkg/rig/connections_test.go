package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// findingsOf returns the findings of a run with a code.
func findingsOf(t *testing.T, text, code, entries string) (found []sidecar.Finding) {
	t.Helper()
	out := Run([]File{{Text: text}}, readSpec(t, "  select: [{name: a}]\n  patterns:\n"+entries), Options{})
	require.NoError(t, out.Findings.Err())
	for _, f := range out.Findings {
		if f.Code == code {
			found = append(found, f)
		}
	}
	return found
}

func policy(name, spec string) string {
	return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " + name + "}\nspec: " + spec +
		"\n"
}

// Sidecars wait for servers to which no policy lets them out. The warning has the rule to add.
func TestDialedServers(t *testing.T) {
	const closed = "{podSelector: {}, policyTypes: [Egress]}"
	const dns = "{ports: [{protocol: UDP, port: 53}]}"
	wait := func(target string) string { return "  - waitFor: {targets: ['" + target + "']}\n" }
	for name, c := range map[string]struct{ policy, entries, want string }{
		"no policy for egress": {"{podSelector: {}}", wait("db:5432"), ""},
		"other pods":           {"{podSelector: {matchLabels: {app: x}}, policyTypes: [Egress]}", wait("db:5432"), ""},
		"nothing": {closed, wait("db:5432"), "add {to: [{podSelector: {}}], ports: [{port: 5432}]}, " +
			"{ports: [{protocol: UDP, port: 53}, {port: 53}]}"},
		"DNS alone is missing": {"{podSelector: {}, egress: [{ports: [{port: 5432}]}]}", wait("db:5432"),
			"add {ports: [{protocol: UDP, port: 53}, {port: 53}]}"},
		"an address needs no DNS": {closed, wait("192.0.2.1:5432"),
			"add {to: [{ipBlock: {cidr: 192.0.2.1/32}}], ports: [{port: 5432}]}"},
		"IPv6": {closed, wait("[2001:db8::1]:5432"),
			`add {to: [{ipBlock: {cidr: "2001:db8::1/128"}}], ports: [{port: 5432}]}`},
		"all":      {"{podSelector: {}, egress: [{}]}", wait("db:5432"), ""},
		"loopback": {closed, wait("127.0.0.1:5432"), ""},
		"a name, by blocks": {"{podSelector: {}, egress: [" + dns + ", {to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",
			wait("https://x.example/"), ""},
		"a name that may be a Service": {"{podSelector: {}, egress: [" + dns + ", {to: [{namespaceSelector: {}}], ports: " +
			"[{port: 80}]}]}", wait("http://x.example"), ""},
		"a host outside, by pods": {"{podSelector: {}, egress: [" + dns + ", {to: [{namespaceSelector: {}}]}]}",
			wait("http://x.example.com"), "add {ports: [{port: 80}]}"},
		"the port of a Service": {"{podSelector: {}, egress: [" + dns + ", {ports: [{port: 80}]}]}", wait("http://web"),
			"add {to: [{podSelector: {matchLabels: {app: \"1\", of: web}}}], ports: [{port: 8080}]}"},
		"the port of its pods": {"{podSelector: {}, egress: [" + dns + ", {ports: [{port: 8080}]}]}",
			wait("http://web"), ""},
		"a server in a Secret":     {"{podSelector: {}, egress: [" + dns + "]}", migration, "add {ports: [{port: ...}]}"},
		"some server in a Secret":  {"{podSelector: {}, egress: [{ports: [{port: 5432}]}, " + dns + "]}", migration, ""},
		"a Job has its own policy": {closed, strings.Replace(migration, "mode: init", "mode: job", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := deployment("a", "") + policy("p", c.policy) + "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n" +
				"spec: {selector: {app: '1', of: web}, ports: [{port: 80, targetPort: 8080}]}\n"
			found := findingsOf(t, text, "network-policy-dial", c.entries)
			if c.want == "" {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Equal(t, c.want, found[0].Hint)
			require.Equal(t, "p", found[0].Object.Name)
			require.Regexp(t, "^keeps the sidecars of Deployment a from .*, so its pods don't start$", found[0].Message)
		})
	}
}

const migration = "  - migrate: {mode: init, engine: golang-migrate, source: {configMapName: m}, databaseURL: " +
	"{secretName: s, key: k}}\n"

// Rules of several policies add up, and pods on the node's network have none.
func TestDialedServersOfSeveralPolicies(t *testing.T) {
	const entries = "  - waitFor: {targets: ['192.0.2.1:1', '192.0.2.1:2']}\n"
	one := policy("one", "{podSelector: {}, egress: [{ports: [{port: 1}]}]}")
	two := policy("two", "{podSelector: {}, egress: [{ports: [{port: 2}]}]}")
	require.Empty(t, findingsOf(t, deployment("a", "")+one+two, "network-policy-dial", entries))
	found := findingsOf(t, deployment("a", "")+one, "network-policy-dial", entries)
	require.Len(t, found, 1)
	require.Equal(t, "keeps the sidecars of Deployment a from 192.0.2.1:2 (wait-for), so its pods don't start",
		found[0].Message)
	onNode := strings.Replace(deployment("a", ""), "      containers:\n",
		"      hostNetwork: true\n      containers:\n", 1)
	require.Empty(t, findingsOf(t, onNode+one, "network-policy-dial", entries))
}

// A sidecar that runs beside the app doesn't keep it from starting.
func TestDialedServersLater(t *testing.T) {
	closed := policy("p", "{podSelector: {}, policyTypes: [Egress]}")
	found := findingsOf(t, deployment("a", "")+closed, "network-policy-dial",
		"  - otelAgent: {endpoint: 'https://192.0.2.1:4317'}\n  - tunnel: {listenPort: 1234, host: 192.0.2.2, port: 1, "+
			"serverName: x, env: {A: '127.0.0.1:1234'}}\n")
	require.Len(t, found, 1)
	require.Equal(t, "keeps the sidecars of Deployment a from 192.0.2.2:1 (tunnel), 192.0.2.1:4317 (otel-agent)",
		found[0].Message)
}

// Prometheus must be let in.
func TestScrapedPorts(t *testing.T) {
	entry := func(monitor string) string {
		return "  - exporter: {preset: redis, port: 80, monitor: " + monitor + "}\n"
	}
	for name, c := range map[string]struct{ policy, entries, want string }{
		"no policy for ingress": {"{podSelector: {}, policyTypes: [Egress]}", entry("PodMonitor"), ""},
		"the app alone": {"{podSelector: {}, ingress: [{ports: [{port: 80}]}]}", entry("PodMonitor"),
			"add {ports: [{port: 9121}]}, and from with Prometheus"},
		"nothing is scraped": {"{podSelector: {}, ingress: [{ports: [{port: 80}]}]}", entry("None"), ""},
		"its number":         {"{podSelector: {}, ingress: [{ports: [{port: 9121}]}]}", entry("PodMonitor"), ""},
		"its name": {"{podSelector: {}, ingress: [{ports: [{port: http-prometheus}]}]}",
			entry("PodMonitor"), ""},
		"an agent of the JVM": {"{podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
			"  - javaAgent: {preset: jmx, image: x:1, path: /a.jar, configMapName: c}\n",
			"add {ports: [{port: 9404}]}, and from with Prometheus"},
		"a collector's own metrics": {"{podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
			"  - otelAgent: {endpoint: 'https://192.0.2.1:4317', metricsPort: 8888}\n",
			"add {ports: [{port: 8888}]}, and from with Prometheus"},
	} {
		t.Run(name, func(t *testing.T) {
			found := findingsOf(t, deployment("a", "")+policy("p", c.policy), "network-policy-scrape", c.entries)
			if c.want == "" {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Equal(t, c.want, found[0].Hint)
		})
	}
}

// Steps that need the network before a mesh's proxy runs are reported, unless it's known that it runs first.
func TestMeshStart(t *testing.T) {
	const entries = "  - waitFor: {targets: ['db:5432']}\n"
	for name, c := range map[string]struct{ annotations, entries, want string }{
		"no mesh": {"a: b", entries, ""},
		"Istio": {"sidecar.istio.io/inject: 'true'", entries, `give the pods the annotation ` +
			`sidecar.istio.io/nativeSidecar: "true", so that the proxy starts first, or ` +
			`traffic.sidecar.istio.io/excludeOutboundPorts: "5432", if the servers aren't in the mesh`},
		"a native proxy": {"sidecar.istio.io/inject: 'true', sidecar.istio.io/nativeSidecar: 'true'", entries, ""},
		"past the proxy": {"sidecar.istio.io/inject: 'true', traffic.sidecar.istio.io/excludeOutboundPorts: '1, 5432'",
			entries, ""},
		"Kuma": {"kuma.io/sidecar-injection: enabled", entries,
			`give the pods the annotation traffic.kuma.io/exclude-outbound-ports: "5432", if the servers aren't in the mesh`},
		"more ports": {"kuma.io/sidecar-injection: enabled, traffic.kuma.io/exclude-outbound-ports: '1'", entries,
			`give the pods the annotation traffic.kuma.io/exclude-outbound-ports: "1,5432", ` +
				`if the servers aren't in the mesh`},
		"an unknown server": {"kuma.io/sidecar-injection: enabled", migration,
			"exclude this workload, or remove it from the mesh"},
		"a native sidecar that the app waits for": {"kuma.io/sidecar-injection: enabled",
			"  - vault: {address: 'https://v:1', role: r, files: [{path: f, secret: secret/data/s}]}\n",
			`give the pods the annotation traffic.kuma.io/exclude-outbound-ports: "1", if the servers aren't in the mesh`},
		"an ordinary container": {"kuma.io/sidecar-injection: enabled", "  - placement: beside\n    gitSync: " +
			"{repo: 'https://g/x'}\n", ""},
		"what the app doesn't wait for": {"kuma.io/sidecar-injection: enabled",
			"  - otelAgent: {endpoint: 'https://o:1'}\n", ""},
		"loopback": {"kuma.io/sidecar-injection: enabled",
			"  - waitFor: {targets: ['localhost:5432']}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(deployment("a", ""), "labels: {app: web}", "annotations: {"+c.annotations+"}", 1)
			found := findingsOf(t, text, "mesh-startup", c.entries)
			if c.want == "" {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Equal(t, c.want, found[0].Hint)
		})
	}
}

// A policy that lets clients in past a sidecar is one warning, however many ports it opens.
func TestOpenPolicies(t *testing.T) {
	text := strings.Replace(deployment("a", ""), "[{containerPort: 80}]", "[{containerPort: 80}, {containerPort: 81}]",
		1) +
		policy("p", "{podSelector: {}, ingress: [{ports: [{port: 80}, {port: 81}]}]}") +
		policy("q", "{podSelector: {}, ingress: [{ports: [{port: 81}]}]}") +
		policy("closed", "{podSelector: {}, ingress: [{ports: [{port: 8443}]}]}")
	found := findingsOf(t, text, "network-policy-open", "  - tlsProxy: {mode: front, secretName: s}\n")
	require.Len(t, found, 2)
	for i, want := range []string{
		"allows ports 80, 81 of Deployment a, so clients can bypass the sidecar on ports 8443, 8444",
		"allows port 81 of Deployment a, so clients can bypass the sidecar on port 8444"} {
		require.Equal(t, want, found[i].Message)
		require.Equal(t, sidecar.Warning, found[i].Severity)
	}
}
