package rigtest

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// dialAddress matches addresses of servers: URLs, and hosts with a port.
var dialAddress = regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^\s"'/,;)}]+|[A-Za-z][A-Za-z0-9.-]*:[0-9]{2,5}\b`)

// notDialed are addresses in what patterns write that nobody connects to.
var notDialed = map[string]string{
	"authProxy https://cloud.google.com": "is the issuer's name in tokens",
	"authProxy static://202":             "is a status that oauth2-proxy answers",
	"tlsProxy spiffe://cluster.local":    "is the name of a client",
	"vault db:5432":                      "is a text that the case's template writes",
}

// dialNothing are the patterns that connect to nothing outside of the pod, as long as nobody tells an agent to.
// People declare for themselves what custom connects to.
var dialNothing = []string{
	"configReload", "exporter", "javaAgent", "permissions", "redisCache", "sysctl", "tlsProxy",
}

// A pattern that connects to a server outside of the pod declares it, since NetworkPolicies and meshes are checked
// against that.
func TestServersAreDeclared(t *testing.T) {
	configs, err := filepath.Glob("testdata/*/expected.yaml")
	require.NoError(t, err)
	dialing, excused := map[string]bool{}, map[string]bool{}
	excuses := slices.Sorted(maps.Keys(notDialed))
	for _, expected := range configs {
		dir := filepath.Dir(expected)
		c := Case{Config: readFile(t, dir, "config.yaml"), Input: readFile(t, dir, "input.yaml"), InputName: "input.yaml"}
		if len(c.runConfig(t, c.Config, c.Input).Report) != 1 {
			continue
		}
		parsed, fs := c.readConfig(c.Config)
		require.NoError(t, fs.Err())
		keys := map[string]string{}
		for _, e := range parsed.Spec.Patterns {
			keys[e.Name] = e.Key()
		}
		expanded, fs := rig.Expand(c.readFiles(c.Input), parsed)
		if fs.Failed() {
			continue // several workloads are selected
		}
		for _, e := range expanded.Spec.Patterns {
			if len(e.Custom.Dials) > 0 {
				dialing[keys[e.Name]] = true
			}
			if keys[e.Name] == "custom" {
				continue
			}
			for _, found := range addressesOf(t, &e) {
				if isDeclared(found, e.Custom.Dials) {
					continue
				}
				at := keys[e.Name] + " " + found
				require.Contains(t, excuses, at, "%s: the Change of %s doesn't declare it in Dials", dir, e.Name)
				excused[at] = true
			}
		}
	}
	require.Equal(t, excuses, slices.Sorted(maps.Keys(excused)), "excuses that are needed")
	for _, key := range config.PatternKeys() {
		require.Equal(t, !slices.Contains(dialNothing, key), dialing[key],
			"%s: write a case in which it declares a server in Dials, or list it in dialNothing", key)
	}
}

// addressesOf returns the addresses of servers outside of the pod in what an entry adds.
func addressesOf(t *testing.T, e *config.Entry) (all []string) {
	var texts []string
	for ctr := range (*sidecar.Change)(e.Custom).AllContainers() {
		pattern.VisitTexts(ctr, func(_, text string) { texts = append(texts, text) })
	}
	for _, v := range e.Custom.App.Env {
		texts = append(texts, v.Value)
	}
	for _, o := range e.Custom.Objects {
		var m struct{ Data map[string]string }
		if o.Head().Kind == "ConfigMap" {
			require.NoError(t, json.Unmarshal(o.RawMessage, &m))
		}
		for _, text := range m.Data {
			texts = append(texts, text)
		}
	}
	for _, text := range texts {
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, at := range dialAddress.FindAllStringIndex(line, -1) {
				found := line[at[0]:at[1]]
				if at[0] > 0 && strings.ContainsRune("$_{", rune(line[at[0]-1])) {
					continue // it's a variable
				}
				if !strings.Contains(found, "$") && len(pattern.DialsOf(found)) > 0 && !slices.Contains(all, found) {
					all = append(all, found)
				}
			}
		}
	}
	return all
}

// isDeclared reports whether an address leads to one of the servers.
func isDeclared(address string, dials []sidecar.Dial) bool {
	return slices.ContainsFunc(dials, func(d sidecar.Dial) bool {
		want := pattern.DialsOf(address)[0]
		return d.Host == want.Host && d.Port == want.Port
	})
}

// What patterns connect to, in all their forms.
func TestDeclaredServers(t *testing.T) {
	const fluentBit = "logTail: {directory: /var/log/app, files: [a.log], fluentBit: {outputs: [%s], env: [{name: LOKI, " +
		"value: loki.logs}, {name: HOST, valueFrom: {secretKeyRef: {name: s, key: h}}}, {name: PORT, valueFrom: " +
		"{secretKeyRef: {name: s, key: p}}}]}}"
	output := func(o string) string { return strings.Replace(fluentBit, "%s", o, 1) }
	for entry, want := range map[string][]string{
		"waitFor: {targets: ['db:5432', 'http://web/ready', 'https://[2001:db8::1]/', 'http://web:8080']}": {
			"db:5432 start", "web:80 start", "[2001:db8::1]:443 start", "web:8080 start"},
		"waitFor: {targets: ['localhost:5432', 'http://127.0.0.1:81/', 'http://[::1]:82/']}": nil,
		"fetch: {url: 'https://models.example/m', sizeLimit: 1Gi, mountPath: /m}":            {"models.example:443 start"},
		"fetch: {url: 's3://b/m', sizeLimit: 1Gi, mountPath: /m, s3: {endpoint: 'https://minio:9000'}}": {
			"minio:9000 start"},
		"fetch: {url: 's3://b/m', sizeLimit: 1Gi, mountPath: /m}": {
			"S3 on port 443 start", "STS on port 443 start"},
		"fetch: {url: 's3://b/m', sizeLimit: 1Gi, mountPath: /m, credentialsSecretName: c}": {"S3 on port 443 start"},
		"fetch: {url: 'gs://b/m', sizeLimit: 1Gi, mountPath: /m}": {"storage.googleapis.com:443 start",
			"169.254.169.254:80 start"},
		"fetch: {url: 'gs://b/m', sizeLimit: 1Gi, mountPath: /m, credentialsSecretName: c}": {
			"storage.googleapis.com:443 start", "oauth2.googleapis.com:443 start"},
		"fetch: {url: 'azblob://b/m', sizeLimit: 1Gi, mountPath: /m, azure: {account: acc}}": {
			"acc.blob.core.windows.net:443 start", "login.microsoftonline.com:443 start"},
		"gitSync: {repo: 'https://git.example/a/b'}":                              {"git.example:443 start"},
		"gitSync: {repo: 'ssh://git@git.example:2222/a/b', ssh: {secretName: s}}": {"git.example:2222 start"},
		"gitSync: {repo: 'git@git.example:a/b', ssh: {secretName: s}}":            {"git.example:22 start"},
		"tunnel: {listenPort: 5432, cloudSQL: {instance: 'p:r:i'}, env: {A: '127.0.0.1:5432'}}": {
			"sqladmin.googleapis.com:443", "169.254.169.254:80", "the Cloud SQL instance on port 3307"},
		"migrate: {command: [up]}": {"the database start"},
		"javaAgent: {preset: opentelemetry, endpoint: 'http://collector:4318'}": {"collector:4318"},
		"exporter: {preset: redis, uri: 'redis://cache:6379'}":                  {"cache:6379"},
		"exporter: {preset: redis, port: 80}":                                   nil,
		"authProxy: {port: 80, rebind: {port: 81, env: {A: '127.0.0.1:81'}}, googleIAP: {audience: " +
			"/projects/1/global/backendServices/2}}": {"www.gstatic.com:443"},
		"authProxy: {port: 80, rebind: {port: 81, env: {A: '127.0.0.1:81'}}, oidc: {issuerURL: 'https://id.example/r', " +
			"clientID: c, secretName: s}}": {"id.example:443 start"},
		output("{name: loki, host: '${LOKI}'}"):                  {"loki.logs:3100"},
		output("{name: es, host: es, port: 9201}"):               {"es:9201"},
		output("{name: gelf, host: g}"):                          {"g:12201 UDP"},
		output("{name: gelf, host: g, mode: tcp}"):               {"g:12201"},
		output("{name: http, host: '${HOST}', port: '${PORT}'}"): {"output http"},
		output("{name: kafka, brokers: 'a:9092, b:9093'}"):       {"a:9092", "b:9093"},
		output("{name: s3, region: r}"):                          {"output s3 on port 443"},
		output("{name: stdout}"):                                 nil,
		output("{name: http, host: 127.0.0.1}"):                  nil,
		output("{name: loki}"):                                   nil, // by default, it's on 127.0.0.1
		output("{name: s3, endpoint: 'https://minio:9000'}"):     {"minio:9000"},
	} {
		conf := "apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: a}\nspec:\n  select: [{name: a}]\n" +
			"  patterns: [{" + entry + "}]\n"
		c := Case{Config: conf, InputName: "input.yaml", Input: "apiVersion: apps/v1\nkind: Deployment\n" +
			"metadata: {name: a}\nspec: {template: {metadata: {labels: {a: b}}, spec: {serviceAccountName: a, " +
			"containers: [{name: a, image: a:1, ports: [{containerPort: 80}]}]}}}\n"}
		parsed, fs := c.readConfig(conf)
		require.NoError(t, fs.Err(), entry)
		expanded, fs := rig.Expand(c.readFiles(c.Input), parsed)
		require.NoError(t, fs.Err(), entry)
		var have []string
		for _, d := range expanded.Spec.Patterns[0].Custom.Dials {
			text := d.String()
			if d.Protocol != "" {
				text += " " + string(d.Protocol)
			}
			if d.AtStart {
				text += " start"
			}
			have = append(have, text)
		}
		require.Equal(t, want, have, entry)
	}
}
