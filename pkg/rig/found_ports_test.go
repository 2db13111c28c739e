package rig

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const declared = "        ports: [{containerPort: 80}]\n" // what deployment writes

const frontProxy = "  - tlsProxy: {mode: front, secretName: tls, networkPolicy: {isolated: false}}\n"

// The app needn't declare the ports to which Services lead. The run declares them, so that the next one finds them,
// and strip takes them away.
func TestUndeclaredPorts(t *testing.T) {
	text := strings.Replace(deployment("web", ""), declared, "        image: app:1\n", 1) +
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n" +
		"spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: grpc, port: 9090}]}\n"
	for _, record := range []string{"never", "always"} {
		doc := readSpec(t, "  select: [{kind: Deployment}]\n  record: "+record+"\n  patterns:\n"+frontProxy)
		out := Run([]File{{Text: text}}, doc, Options{})
		require.NoError(t, out.Findings.Err())
		written := out.Files()[0].Text
		require.Contains(t, out.Report[0], "port 8443 in front of 8080, port 8444 in front of 9090")
		require.Equal(t, 1, strings.Count(written, "- containerPort: 8080\n"), written)
		require.Equal(t, 1, strings.Count(written, "- containerPort: 9090\n"))
		require.Equal(t, written, Run(out.Files(), doc, Options{}).Files()[0].Text)
		if record == "always" {
			bare, fs := Strip(out.Files(), "")
			require.NoError(t, fs.Err())
			require.Equal(t, text, bare[0].Text)
		}
	}
}

// No record takes away a port with a name, even if it has the right checksum: a Service or a probe may refer to it.
func TestForgedPortWithName(t *testing.T) {
	text := strings.Replace(deployment("web", ""), "{containerPort: 80}", "{containerPort: 80, name: http}", 1)
	doc := readSpec(t, "  select: [{kind: Deployment}]\n  record: always\n  patterns:\n  - custom: {app: {ports: [81]}}\n")
	written := Run([]File{{Text: text}}, doc, Options{}).Files()[0].Text
	mark := func(at, value string) string {
		sum := sha256.Sum256([]byte(value))
		return fmt.Sprintf(`/containerPort=%s","is":"%x"`, at, sum[:6])
	}
	forged := strings.Replace(written, mark("81", `{"containerPort": 81}`),
		mark("80", `{"containerPort": 80, "name": "http"}`), 1)
	require.NotEqual(t, written, forged)
	_, fs := Strip([]File{{Text: forged}}, "")
	require.ErrorContains(t, fs.Err(), "ports[http]: its record would change this, which no sidecar does")
}

// A proxy that finds its ports leaves out those that another sidecar takes, in any order of the entries.
func TestFoundPortsOfOthers(t *testing.T) {
	text := strings.Replace(deployment("web", ""), "{containerPort: 80}", "{containerPort: 8000}, "+
		"{containerPort: 8001, name: admin}", 1)
	moving := "  - name: moving\n    tlsProxy: {port: 8001, rebind: {port: 9001, env: {LISTEN: '127.0.0.1:9001'}}, " +
		"secretName: tls}\n"
	for _, patterns := range []string{frontProxy + moving, moving + frontProxy} {
		doc := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+patterns)
		out := Run([]File{{Text: text}}, doc, Options{})
		require.NoError(t, out.Findings.Err())
		require.Contains(t, out.Report[0], "port 8443 in front of 8000)")
		require.Contains(t, out.Report[0], "takes over port 8001")
		require.Equal(t, out.Files()[0].Text, Run(out.Files(), doc, Options{}).Files()[0].Text)
	}
}

// Whoever says that several containers are served must say whose ports are meant.
func TestFoundPortsOfSeveral(t *testing.T) {
	text := deployment("web", "      - {name: b, image: 'b:1', ports: [{containerPort: 8001}]}\n")
	doc := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+
		strings.Replace(frontProxy, "- tlsProxy", "- app: '*'\n    tlsProxy", 1))
	require.ErrorContains(t, Run([]File{{Text: text}}, doc, Options{}).Findings.Err(),
		"2 containers are served, so it isn't clear whose ports are meant; write port")
}

const ownPorts = "  - custom: {app: {ports: [8443, 9090]}}\n"

// Ports that another sidecar of the config takes or declares are as they are in a second run, in any order of the
// entries. So no port counts as free to which a Service leads.
func TestFoundPortsTwice(t *testing.T) {
	bare := strings.Replace(deployment("web", ""), declared, "        image: app:1\n", 1)
	leading := func(ports string) string {
		return "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [" + ports +
			"]}\n"
	}
	other := "  - name: other\n    tlsProxy: {mode: front, port: 8081, listenPort: 9000, secretName: tls, " +
		"networkPolicy: {isolated: false}}\n"
	for name, c := range map[string]struct{ text, more, want string }{
		"another's port, undeclared": {bare + leading("{name: a, port: 8080}, {name: b, port: 8081}"), other,
			"port 8443 in front of 8080)"},
		"declared by custom": {deployment("web", ""), ownPorts, "port 8444 in front of 80, port 8445 in front of 9090)"},
		"declared by custom alone": {bare + leading("{name: a, port: 8080}"), ownPorts,
			"port 8444 in front of 8080, port 8445 in front of 9090)"},
		"an undeclared port as the proxy's": {bare + leading("{name: a, port: 443, targetPort: 8443}, "+
			"{name: b, port: 8080}, {name: c, port: 8445}"), "",
			"port 8444 in front of 8080, port 8446 in front of 8445)"},
		"declared, and an undeclared one as the proxy's": {deployment("web", "") +
			leading("{name: a, port: 443, targetPort: 8443}, {name: b, port: 80}"), "", "port 8444 in front of 80)"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, patterns := range []string{frontProxy + c.more, c.more + frontProxy} {
				doc := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+patterns)
				out := Run([]File{{Text: c.text}}, doc, Options{})
				require.NoError(t, out.Findings.Err())
				require.Contains(t, out.Report[0], c.want)
				again := Run(out.Files(), doc, Options{})
				require.NoError(t, again.Findings.Err())
				require.Equal(t, out.Files()[0].Text, again.Files()[0].Text)
			}
		})
	}
}

// The order of Services in the manifests says nothing.
func TestFoundPortsInAnyOrder(t *testing.T) {
	bare := strings.Replace(deployment("web", ""), declared, "        image: app:1\n", 1)
	first := "---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: web}, ports: " +
		"[{name: http, port: 8081}]}\n"
	second := "---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {selector: {app: web}, ports: " +
		"[{name: tcp, port: 8080}, {name: grpc, port: 8081}]}\n"
	doc := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+frontProxy)
	var conf [2]string
	for i, text := range []string{bare + first + second, bare + second + first} {
		out := Run([]File{{Text: text}}, doc, Options{})
		require.NoError(t, out.Findings.Err())
		require.Contains(t, out.Report[0], "port 8443 in front of 8080, port 8444 in front of 8081)")
		_, conf[i], _ = strings.Cut(out.Files()[0].Text, "nginx.conf")
		conf[i], _, _ = strings.Cut(conf[i], "\n---")
	}
	require.Equal(t, conf[0], conf[1])
}
