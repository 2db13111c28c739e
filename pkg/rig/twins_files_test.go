package rig

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A folder may have a workload and its Service once for each environment, with one name. Only
// one of two Services would be edited, and the other would lead past the sidecar.
func TestTwinsInFiles(t *testing.T) {
	web := deployment("web", "")
	files := func(dev, prod string) []File {
		return []File{{Name: "dev/web.yaml", Text: dev}, {Name: "prod/web.yaml", Text: prod}}
	}
	ports := read(t, "  - name: x\n    custom: {servicePorts: [{name: m, port: 91}]}\n")
	out := Run(files(web+webService, web+webService), ports, Options{InPlace: true})
	require.ErrorContains(t, out.Findings.Err(), "Service web: x: is there twice, also in dev/web.yaml, "+
		"and has to be edited")

	emits := read(t, "  - name: x\n    custom: {objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}]}\n")
	out = Run(files(web, web), emits, Options{InPlace: true})
	require.ErrorContains(t, out.Findings.Err(), "ConfigMap c would be written for one of them")

	first := read(t, "  - name: y\n    custom: {containers: [{name: y, image: y:1}]}\n")
	first.Metadata.Name = "first"
	laid := Run([]File{{Text: web}}, first, Options{InPlace: true})
	require.NoError(t, laid.Findings.Err())
	plain := read(t, "  - name: x\n    custom: {containers: [{name: x, image: x:1}]}\n")
	for _, in := range [][]File{files(web, laid.Files()[0].Text), files(laid.Files()[0].Text, web)} {
		out = Run(in, plain, Options{InPlace: true})
		require.ErrorContains(t, out.Findings.Err(), "has a record of other documents", "y isn't for both")
	}
	out = Run(files(web, web), plain, Options{InPlace: true})
	require.NoError(t, out.Findings.Err(), "both get it")
}
