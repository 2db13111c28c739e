package rig

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const twoObjects = `# first
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: "web:1"
          env:
            []
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  a: |
    text
`

func hasCode(fs sidecar.Findings, code string) bool {
	return slices.ContainsFunc(fs, func(f sidecar.Finding) bool { return f.Code == code })
}

// unread reports whether something isn't valid YAML.
func unread(fs sidecar.Findings) bool { return hasCode(fs, "yaml-syntax") }

// compareAgreement runs both over a text.
func compareAgreement(t *testing.T, none *config.Sidecars, text string) (refused bool) {
	t.Helper()
	_, fs := Strip([]File{{Text: text}}, "")
	if hasCode(fs, "record-missing") {
		return false // which only strip minds
	}
	for _, inPlace := range []bool{true, false} {
		out := Run([]File{{Text: text}}, none, Options{InPlace: inPlace})
		if !inPlace && strings.Contains(text, "outrigger.dev/applied") {
			continue // it asks for the record first
		}
		require.Equal(t, unread(fs), unread(out.Findings), "strip: %v\ninject: %v\n%s", fs, out.Findings, text)
	}
	return unread(fs)
}

// Strip reads what a run reads that selects nothing: a text that one of them can't read, the other one refuses, too.
func TestStripAgrees(t *testing.T) {
	none := readSpec(t, "  select: [{name: nobody}]\n  expect: {min: 0}\n  patterns: []\n")
	out := Run([]File{{Text: twoObjects}}, read(t, "  - redisCache: {env: {A: b}}\n"), Options{InPlace: true})
	require.NoError(t, out.Findings.Err())
	laid := out.Files()[0].Text
	require.False(t, compareAgreement(t, none, laid))
	refused := 0
	r := rand.New(rand.NewPCG(1, 2))
	bits := []string{"", " ", "\n", "\t", ":", "-", "#", "{", "}", "[", "]", "'", "\"", "&a ", "*a", "!!binary ", "? ",
		"<<: ", "---\n", "...\n", "%YAML 1.2\n", "\x00", "\u2028", "\r", "null", "name: web\n",
		"apiVersion: v1\nkind: List\nitems:\n"}
	for range 4000 {
		text := []string{laid, twoObjects}[r.IntN(2)]
		for range 1 + r.IntN(3) {
			at := r.IntN(len(text))
			to := min(len(text), at+r.IntN(6)*r.IntN(4))
			text = text[:at] + bits[r.IntN(len(bits))] + text[to:]
		}
		if compareAgreement(t, none, strings.ToValidUTF8(text, "")) {
			refused++
		}
	}
	require.Greater(t, refused, 200)
	require.Less(t, refused, 3000)
}
