package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A text may have the line breaks that only YAML's readers know. The last of them stays the last.
func TestOtherLineBreaks(t *testing.T) {
	conf := readSpec(t, "  select: [{kind: Deployment}]\n  patterns:\n"+
		"    - otelAgent: {endpoint: 'https://otel.example.com:4317'}\n")
	config := "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata:\n  a: b\n"
	for _, lineBreak := range []string{"\r", "\r\n", "\u0085", "\u2028", "\u2029"} {
		for _, text := range []string{deployment("web", ""), deployment("web", "") + config} {
			text = strings.ReplaceAll(text, "\n", lineBreak)
			laid := Run([]File{{Text: text}}, conf, Options{InPlace: true})
			require.NoError(t, laid.Findings.Err(), "%q", lineBreak)
			again := Run(laid.Files(), conf, Options{InPlace: true})
			require.NoError(t, again.Findings.Err(), "%q", lineBreak)
			require.Equal(t, laid.Files(), again.Files(), "%q", lineBreak)
			back, fs := Strip(laid.Files(), "")
			require.NoError(t, fs.Err(), "%q", lineBreak)
			require.Equal(t, text, back[0].Text, "%q", lineBreak)
		}
	}
}
