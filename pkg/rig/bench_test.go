package rig

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The time per workload doesn't depend on the number of workloads, on their names, or on how many claim to be emitted
// by outrigger.
func BenchmarkWorkloads(b *testing.B) {
	conf := read(b, "  - tlsProxy: {port: 80, secretName: tls, rebind: {port: 8080, env: {LISTEN: "+
		"'127.0.0.1:8080'}}}\n  expect: {min: 0}\n")
	for name, write := range map[string]func(i int) string{
		"of their own names": func(i int) string { return deployment(fmt.Sprintf("w%d", i), "") },
		"of one name":        func(int) string { return deployment("web", "") },
		"claimed": func(i int) string {
			return deployment(fmt.Sprintf("w%d", i), "") + strings.Replace(deployment(fmt.Sprintf("c%d", i), ""), "metadata:\n",
				"metadata:\n  labels: {app.kubernetes.io/managed-by: outrigger}\n", 1)
		},
	} {
		for _, n := range []int{500, 2000} {
			var text strings.Builder
			for i := range n {
				text.WriteString(write(i))
			}
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					out := Run([]File{{Text: text.String()}}, conf, Options{})
					require.NoError(b, out.Findings.Err())
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/workload")
			})
		}
	}
}
