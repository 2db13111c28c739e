package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// readNamed reads a document with a name.
func readNamed(t *testing.T, name, patterns string) *config.Sidecars {
	t.Helper()
	conf, fs := config.Read([]byte("apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: "+name+"}\n"+
		"spec:\n  select: [{name: web}]\n  patterns:\n"+patterns), "")
	require.NoError(t, fs.Err())
	return conf
}

// A document in a record that isn't valid says what is wrong with it, and shows no value that may be secret.
func TestRecordedDocumentIsInvalid(t *testing.T) {
	const secret = "hunter22222"
	logs := readNamed(t, "logs", "    - logTail: {directory: /logs, files: [a.log]}\n")
	waits := readNamed(t, "waits", "    - waitFor: {targets: ['db:5432']}\n")
	out := Run([]File{{Text: deployment("web", "")}}, logs, Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	laid := out.Files()[0].Text
	for was, c := range map[string]struct{ is, says string }{
		`"files":["a.log"]`: {`"files":7`, "spec.patterns[0].logTail.files: wanted a list, got a number"},
		`"logTail":`:        {`"logtail":`, "spec.patterns[0].logtail: there is no such field"},
		`"directory":`:      {`"password":"` + secret + `","directory":`, "spec.patterns[0].logTail.password: there is no"},
	} {
		require.Contains(t, laid, was)
		out := Run([]File{{Text: strings.Replace(laid, was, c.is, 1)}}, waits, Options{InPlace: true})
		require.True(t, out.Findings.Failed())
		require.ErrorContains(t, out.Findings.Err(), "its record of document logs isn't valid: "+c.says)
		require.NotContains(t, out.Findings.Error(), secret)
	}
}

// Where a workload was renamed, the error of the Service that was changed for it says how to go on, and that works.
func TestRenamedWorkload(t *testing.T) {
	document := func(name, workload, port string) *config.Sidecars {
		conf, fs := config.Read([]byte("apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: "+name+"}\n"+
			"spec:\n  select: [{kind: Deployment, name: "+workload+"}]\n  patterns:\n    - name: "+name+"\n      custom: "+
			"{containers: [{name: "+name+", image: x:1}], servicePorts: [{name: "+name+", port: "+port+"}]}\n"), "")
		require.NoError(t, fs.Err())
		return conf
	}
	one, two := document("one", "a", "9100"), document("two", "b", "9101")
	out := RunAll([]File{{Text: deployment("a", "") + deployment("b", "") + webService}}, []*config.Sidecars{one, two},
		Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	head, rest, _ := strings.Cut(out.Files()[0].Text, "  name: b\n")
	renamed := head + "  name: c\n" + strings.Replace(rest, "app: web", "app: c", 1)
	out = Run([]File{{Text: renamed}}, one, Options{InPlace: true})
	require.ErrorContains(t, out.Findings.Err(), "Service web: was changed for Deployment b, too")
	require.ErrorContains(t, out.Findings.Err(), "run outrigger strip -w on these files, and then this command again")
	bare, fs := Strip([]File{{Text: renamed}}, "")
	require.NoError(t, fs.Err())
	out = Run(bare, one, Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[0].Text, "name: one")
	require.NotContains(t, out.Files()[0].Text, "name: two")
}
