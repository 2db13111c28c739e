package rig_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

const (
	sharedFirst = `apiVersion: apps/v1
kind: Deployment
metadata: {name: first}
spec:
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: app
          image: app:1
          env: [{name: UP, value: 'http://shop:80/x'}]
          ports: [{name: http, containerPort: 8080}]
`
	sharedService = `apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports:
    - port: 80
      targetPort: http # by name
`
)

// sharedFiles are two workloads behind one Service.
func sharedFiles() []rig.File {
	return []rig.File{
		{Name: "first.yaml", Text: sharedFirst},
		{Name: "second.yaml", Text: strings.Replace(sharedFirst, "first", "second", 1)},
		{Name: "service.yaml", Text: sharedService},
	}
}

func sharedDocument(t *testing.T, name, workload, pattern string) *config.Sidecars {
	t.Helper()
	conf, fs := config.Read([]byte("apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: "+name+
		"}\nspec:\n  select: [{name: "+workload+"}]\n  patterns: ["+pattern+"]\n"), "")
	require.NoError(t, fs.Err())
	return conf
}

const (
	proxyShared = "{tlsProxy: {port: 8080, secretName: tls, rebind: {port: 8081, env: {LISTEN: '127.0.0.1:8081'}}}}"
	callsShared = "{tlsProxy: {port: 8080, secretName: tls, rewriteCallers: true, " +
		"rebind: {port: 8081, env: {LISTEN: '127.0.0.1:8081'}}}}"
	adapterShared = "{exporter: {image: 'e:1', port: 8080, metricsPort: 9113, uri: 'http://127.0.0.1:{port}/s'}}"
)

// An object that several workloads share keeps what it remembers of one document when
// another document edits it for a workload that had no record.
func TestSharedRecords(t *testing.T) {
	for name, docs := range map[string][]*config.Sidecars{
		"a Service":   {sharedDocument(t, "a", "first", proxyShared), sharedDocument(t, "b", "second", adapterShared)},
		"the reverse": {sharedDocument(t, "b", "second", adapterShared), sharedDocument(t, "a", "first", proxyShared)},
		"one edit":    {sharedDocument(t, "a", "first", proxyShared), sharedDocument(t, "b", "second", proxyShared)},
		"a caller":    {sharedDocument(t, "b", "second", adapterShared), sharedDocument(t, "a", "first", callsShared)},
	} {
		t.Run(name, func(t *testing.T) {
			inPlace := rig.Options{InPlace: true}
			one := rig.Run(sharedFiles(), docs[0], inPlace)
			require.NoError(t, one.Findings.Err())
			both := rig.Run(one.Files(), docs[1], inPlace)
			require.NoError(t, both.Findings.Err())
			want := rig.RunAll(sharedFiles(), docs, inPlace)
			require.NoError(t, want.Findings.Err())
			require.Equal(t, want.Files(), both.Files())
			left, fs := rig.Strip(both.Files(), docs[1].Metadata.Name)
			require.NoError(t, fs.Err())
			require.Equal(t, one.Files(), left)
			alone := rig.Run(sharedFiles(), docs[1], inPlace)
			left, fs = rig.Strip(both.Files(), docs[0].Metadata.Name)
			require.NoError(t, fs.Err())
			require.Equal(t, alone.Files(), left)
			bare, fs := rig.Strip(both.Files(), "")
			require.NoError(t, fs.Err())
			require.Equal(t, sharedFiles(), bare)
		})
	}
}

// A run over some of the files takes nothing from an object that it was given for a workload
// in another file.
func TestSharedRecordsOfAbsent(t *testing.T) {
	inPlace := rig.Options{InPlace: true}
	files := rig.Run(sharedFiles(), sharedDocument(t, "a", "first", proxyShared), inPlace).Files()
	out := rig.Run(files[1:], sharedDocument(t, "b", "second", adapterShared), inPlace)
	require.ErrorContains(t, out.Findings.Err(), "Service shop: was changed for Deployment first, too, which isn't among")
	out = rig.Run(files[1:], sharedDocument(t, "b", "second", proxyShared), inPlace)
	require.NoError(t, out.Findings.Err())
	both := `"for":["apps/Deployment//first","apps/Deployment//second"]`
	require.Equal(t, strings.Replace(files[2].Text, `"for":["apps/Deployment//first"]`, both, 1), out.Files()[1].Text,
		"what both want of it stays")
}

// A caller's argument that a document has rewritten is still its work when another document comes alone.
func TestRewrittenArgumentIsRemembered(t *testing.T) {
	caller := strings.NewReplacer("first", "caller", "app: shop", "app: caller", "containerPort: 8080", "containerPort: 9",
		"env: [{name: UP, value: 'http://shop:80/x'}]", "args: ['--url=ws://shop:80/']").Replace(sharedFirst)
	files := []rig.File{{Name: "first.yaml", Text: sharedFirst}, {Name: "caller.yaml", Text: caller},
		{Name: "service.yaml", Text: sharedService}}
	tls, adapter := sharedDocument(t, "tls", "first", callsShared), sharedDocument(t, "metrics", "first", adapterShared)
	out := rig.Run(files, tls, rig.Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[1].Text, "wss://shop:80/")
	out = rig.Run(out.Files(), adapter, rig.Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	require.Contains(t, out.Files()[1].Text, "wss://shop:80/")
}
