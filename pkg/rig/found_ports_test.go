package rig

import (
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
