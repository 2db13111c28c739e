package rig

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Flow style costs at most three times what block style does.
func BenchmarkStyles(b *testing.B) {
	conf := read(b, "  - tlsProxy: {port: 80, secretName: tls, rebind: {port: 8080, env: {LISTEN: "+
		"'127.0.0.1:8080'}}}\n")
	const n = 5000
	var block, values, list, flow, heads []string
	for i := range n {
		text := deployment(fmt.Sprintf("w%d", i), "")
		if i > 4 {
			text = strings.Replace(text, "kind: Deployment", "kind: Widget", 1)
			text = strings.Replace(text, "containers", "things", 1)
		}
		var o map[string]any
		require.NoError(b, yaml.Unmarshal([]byte(text), &o))
		raw, err := json.Marshal(o)
		require.NoError(b, err)
		block, values, list = append(block, text), append(values, string(raw)+"\n"), append(list, string(raw))
		flow = append(flow, "- "+string(raw)+"\n")
		meta, err := json.Marshal(o["metadata"])
		require.NoError(b, err)
		at := strings.Index(text, "metadata:")
		end := strings.Index(text, "\nspec:")
		heads = append(heads, text[:at]+"metadata: "+string(meta)+text[end:])
	}
	for name, text := range map[string]string{
		"block":        strings.Join(block, "---\n"),
		"JSON values":  strings.Join(values, ""),
		"JSON list":    `{"apiVersion":"v1","kind":"List","items":[` + strings.Join(list, ",") + "]}\n",
		"JSON marked":  strings.Join(values, "---\n"),
		"flow members": "apiVersion: v1\nkind: List\nitems:\n" + strings.Join(flow, ""),
		"resources":    "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" + strings.Join(flow, ""),
		"flow heads":   strings.Join(heads, "---\n"),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				out := Run([]File{{Text: text}}, conf, Options{})
				require.NoError(b, out.Findings.Err())
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/workload")
		})
	}
}
