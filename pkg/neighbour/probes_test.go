package neighbour

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// pod is a workload with one app, whose port 6379 or 8080 a sidecar takes over.
func pod(t *testing.T, container string, change func(*sidecar.Takeover)) ([]sidecar.Edit, sidecar.Findings) {
	t.Helper()
	w := &sidecar.Workload{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "web"},
		Template: sidecar.Fields("spec", "template")}
	w.Pod.Spec.Containers = make([]corev1.Container, 1)
	c := &w.Pod.Spec.Containers[0]
	require.NoError(t, json.Unmarshal([]byte(container), c))
	c.Name = "web"
	w.App = c
	takeover := sidecar.Takeover{Port: 8080, AppPort: 8081, Scheme: corev1.URISchemeHTTPS}
	change(&takeover)
	var r Result
	followProbes(&scene{workload: w, answers: []sidecar.Answer{
		{Name: "tls", Placement: sidecar.Native, App: c, Change: &sidecar.Change{Takeovers: []sidecar.Takeover{takeover}}}}},
		&r)
	return r.Edits, r.Findings
}

// describe writes edits and findings, one in a line, with their paths from the container on.
func describe(edits []sidecar.Edit, fs sidecar.Findings) string {
	var out []string
	cut := func(s string) string {
		_, s, _ = strings.Cut(s, "containers[name=web].")
		return s
	}
	for _, e := range edits {
		if e.Delete {
			out = append(out, "- "+cut(e.Path.String()))
			continue
		}
		raw, _ := json.Marshal(e.Value)
		out = append(out, cut(e.Path.String())+": "+string(raw))
	}
	for _, f := range fs {
		out = append(out, string(f.Severity)+" "+f.Code+" "+cut(f.Field)+"; "+f.Hint)
	}
	return strings.Join(out, "\n")
}

func TestProbes(t *testing.T) {
	none := func(*sidecar.Takeover) {}
	health := func(k *sidecar.Takeover) { k.ClientCertificate, k.HealthPort, k.GRPCHealthPort = true, 16000, 16001 }
	for name, c := range map[string]struct {
		container string
		change    func(*sidecar.Takeover)
		want      string
	}{
		"number":  {`{"livenessProbe":{"httpGet":{"port":8080}}}`, none, `livenessProbe.httpGet.scheme: "HTTPS"`},
		"another": {`{"livenessProbe":{"httpGet":{"port":8082}}}`, none, ``},
		"name": {`{"ports":[{"name":"web","containerPort":8080}],"livenessProbe":{"httpGet":{"port":"web"}}}`,
			none, "livenessProbe.httpGet.port: 8080\nlivenessProbe.httpGet.scheme: \"HTTPS\""},
		"number in quotes": {`{"livenessProbe":{"httpGet":{"port":"8080"}}}`, none,
			"livenessProbe.httpGet.port: 8080\nlivenessProbe.httpGet.scheme: \"HTTPS\""},
		"loopback": {`{"livenessProbe":{"httpGet":{"port":8080,"host":"127.0.0.1","scheme":"HTTPS"}}}`, none,
			`- livenessProbe.httpGet.host`},
		"another host": {`{"livenessProbe":{"httpGet":{"port":8080,"host":"a.example"}}}`, none,
			"warning probe-host livenessProbe.httpGet.host; if it's meant for the app, remove host and set port: 8080, " +
				"scheme: HTTPS"},
		"credentials": {`{"livenessProbe":{"httpGet":{"port":8080}}}`, func(k *sidecar.Takeover) { k.Authenticated = true },
			`error probe-refused livenessProbe.httpGet; use an exec probe, or another port`},
		"health port": {
			`{"livenessProbe":{"httpGet":{"port":8080}},"lifecycle":{"preStop":{"httpGet":{"port":8080,"path":"/bye"}}}}`,
			health,
			"livenessProbe.httpGet.port: 16000\nlivenessProbe.httpGet.scheme: \"HTTPS\"\nlifecycle.preStop.httpGet.port: " +
				"16000\nlifecycle.preStop.httpGet.scheme: \"HTTPS\""},
		"grpc": {`{"readinessProbe":{"grpc":{"port":8080}}}`, none,
			`error probe-grpc-tls readinessProbe.grpc; use an exec probe`},
		"grpc, in plain":   {`{"readinessProbe":{"grpc":{"port":8080}}}`, func(k *sidecar.Takeover) { k.Scheme = "" }, ``},
		"grpc health port": {`{"readinessProbe":{"grpc":{"port":8080}}}`, health, `readinessProbe.grpc.port: 16001`},
		"socket": {`{"readinessProbe":{"tcpSocket":{"port":8080}}}`, none,
			"warning probe-sees-proxy readinessProbe.tcpSocket; probe the app with httpGet: {path: ..., port: 8080, " +
				"scheme: HTTPS}"},
		"socket beside a path": {
			`{"readinessProbe":{"tcpSocket":{"port":8080}},"startupProbe":{"httpGet":{"port":8080,"path":"/up"}}}`,
			none,
			"startupProbe.httpGet.scheme: \"HTTPS\"\n- readinessProbe.tcpSocket\nreadinessProbe.httpGet: " +
				"{\"path\":\"/up\",\"port\":8080,\"scheme\":\"HTTPS\"}\ninfo probe-asks-app readinessProbe; "},
		"liveness copies none": {
			`{"livenessProbe":{"tcpSocket":{"port":8080}},"readinessProbe":{"httpGet":{"port":8080,"path":"/ready"}}}`,
			none,
			"readinessProbe.httpGet.scheme: \"HTTPS\"\nwarning probe-sees-proxy livenessProbe.tcpSocket; probe the app with " +
				"httpGet: {path: ..., port: 8080, scheme: HTTPS}"},
		"liveness gets a hint": {
			`{"livenessProbe":{"tcpSocket":{"port":8080}},"startupProbe":{"httpGet":{"port":8080,"path":"/up"}}}`,
			none,
			"startupProbe.httpGet.scheme: \"HTTPS\"\nwarning probe-sees-proxy livenessProbe.tcpSocket; probe the app with " +
				"httpGet: {path: /up, port: 8080, scheme: HTTPS}"},
		"a query isn't reported": {
			`{"livenessProbe":{"tcpSocket":{"port":8080}},"startupProbe":{"httpGet":{"port":8080,"path":"/?token=geheim"}}}`,
			none,
			"startupProbe.httpGet.scheme: \"HTTPS\"\nwarning probe-sees-proxy livenessProbe.tcpSocket; probe the app with " +
				"httpGet: {path: ..., port: 8080, scheme: HTTPS}"},
		"socket of another protocol": {`{"readinessProbe":{"tcpSocket":{"port":8080,"host":"localhost"}}}`,
			func(k *sidecar.Takeover) { k.Protocol = sidecar.TCP },
			"- readinessProbe.tcpSocket.host\nwarning probe-sees-proxy readinessProbe.tcpSocket; probe the app with exec, on " +
				"127.0.0.1:8081"},
		"two handlers": {`{"readinessProbe":{"tcpSocket":{"port":8080},"httpGet":{"port":8080}}}`, none,
			`error probe-handlers readinessProbe; remove one`},
		"in front": {
			`{"readinessProbe":{"httpGet":{"port":8080}},"livenessProbe":{"exec":{"command":["curl","localhost:8080"]}}}`,
			func(k *sidecar.Takeover) { k.Front = true }, ``},
		"redirected": {
			`{"ports":[{"name":"web","containerPort":8080}],"livenessProbe":{"httpGet":{"port":"web"}},` +
				`"startupProbe":{"exec":{"command":["curl","localhost:8080"]}}}`,
			func(k *sidecar.Takeover) { k.AppPort, k.Redirected = 8080, true },
			`livenessProbe.httpGet.scheme: "HTTPS"`},
		"redirected, with a health port": {
			`{"ports":[{"name":"web","containerPort":8080}],"livenessProbe":{"httpGet":{"port":"web"}}}`,
			func(k *sidecar.Takeover) { health(k); k.AppPort, k.Redirected = 8080, true },
			"livenessProbe.httpGet.port: 16000\nlivenessProbe.httpGet.scheme: \"HTTPS\""},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, describe(pod(t, c.container, c.change))) })
	}
}

func TestCommands(t *testing.T) {
	warned := func(hint string) string { return "warning probe-exec-port livenessProbe.exec; write " + hint }
	for command, want := range map[string]struct{ report, rewrite string }{
		`"curl","-fs","http://localhost:6379/"`: {warned("localhost:6380"),
			`livenessProbe.exec.command[...]: "http://localhost:6380/"`},
		`"curl","-fs","http://localhost:6379/?token=geheim"`: {warned("localhost:6380"), warned("localhost:6380")},
		`"curl","-u","a:b","localhost:6379"`:                 {warned("localhost:6380"), warned("localhost:6380")},
		`"redis-cli","-p","6379","ping"`:                     {warned("6380"), `livenessProbe.exec.command[...]: "6380"`},
		`"redis-cli","-p6379","ping"`: {warned("-p6380"),
			`livenessProbe.exec.command[-p6379]: "-p6380"`},
		`"redis-cli","--port=6379","ping"`: {warned("--port=6380"), warned("--port=6380")},
		`"sh","-c","redis-cli -p 6379 ping | grep PONG"`: {warned("-p 6380"),
			`livenessProbe.exec.command[...]: "redis-cli -p 6380 ping | grep PONG"`},
		// two spaces would become one
		`"sh","-c","redis-cli -p 6379  ping"`:                    {warned("-p 6380"), warned("-p 6380")},
		`"sh","-c","redis-cli ping"`:                             {warned("redis-cli -p 6380"), warned("redis-cli -p 6380")},
		`"redis-cli","-h","127.0.0.1","ping"`:                    {warned("redis-cli -p 6380"), warned("redis-cli -p 6380")},
		`"redis-cli","-h","other","ping"`:                        {},
		`"redis-cli","-s","/run/redis.sock","ping"`:              {},
		`"nc","-z","localhost","6379"`:                           {warned("6380"), `livenessProbe.exec.command[...]: "6380"`},
		`"nc","-z","other","16379"`:                              {},
		`"curl","http://other:6379"`:                             {},
		`"curl","http://other:6379","http://[::1]:6379"`:         {warned(":6380"), warned(":6380")},
		`"curl","http://localhost:6379","http://localhost:6379"`: {warned("localhost:6380"), warned("localhost:6380")},
		`"curl","https://localhost:6379"`:                        {warned("localhost:6380"), warned("localhost:6380")},
		`"test","-f","/ready"`:                                   {},
		`"sh","-c","nc -z $HOSTNAME 6379 && exit 0 -a geheim"`:   {warned("6380"), warned("6380")},
	} {
		t.Run(command, func(t *testing.T) {
			for _, known := range []bool{false, true} {
				have := describe(pod(t, `{"livenessProbe":{"exec":{"command":[`+command+`]}}}`, func(k *sidecar.Takeover) {
					k.Port, k.AppPort, k.Commands = 6379, 6380, known
				}))
				require.Equal(t, map[bool]string{false: want.report, true: want.rewrite}[known], have)
				require.NotContains(t, have, "geheim")
			}
		})
	}
}
