package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a document emitted for one workload stays when another document is laid on another
// one of its workloads: it's of no record that was taken off.
func TestEmittedForOthers(t *testing.T) {
	text := deployment("a", "") + deployment("b", "")
	all := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+
		"  - tlsProxy: {port: 80, secretName: s, mode: front, listenPort: 8443, networkPolicy: {isolated: true}}\n")
	all.Metadata.Name = "all"
	one := readSpec(t, "  select: [{name: a}]\n  patterns:\n  - name: x\n"+
		"    custom: {containers: [{name: x, image: x:1}]}\n")
	one.Metadata.Name = "one"
	for name, split := range map[string]bool{"one file": false, "two files": true} {
		t.Run(name, func(t *testing.T) {
			files := []File{{Name: "a.yaml", Text: text}}
			if split {
				files = []File{{Name: "a.yaml", Text: deployment("a", "")}, {Name: "b.yaml", Text: deployment("b", "")}}
			}
			laid := Run(files, all, Options{InPlace: true})
			require.NoError(t, laid.Findings.Err())
			both := Run(laid.Files(), one, Options{InPlace: true})
			require.NoError(t, both.Findings.Err())
			written := ""
			for _, f := range both.Files() {
				written += f.Text
			}
			require.Equal(t, 2, strings.Count(written, "kind: NetworkPolicy"), "that of b, too")
			require.Equal(t, 2, strings.Count(written, "kind: ConfigMap"))
			left, fs := Strip(both.Files(), "one")
			require.NoError(t, fs.Err())
			require.Equal(t, laid.Files(), left)
		})
	}
}
