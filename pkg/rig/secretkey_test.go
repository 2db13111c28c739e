package rig

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A field's name may be a password in the wrong place, so errors have its place and not its text.
func TestErrorsNameNoKeyOfAPerson(t *testing.T) {
	const secret = "hunter2"
	conf := read(t, "  - name: x\n    custom: {containers: [{name: x, image: x:1}]}\n")
	for name, text := range map[string]string{
		"key twice":             deployment("web", "        stringData: {hunter2: a, hunter2: b}\n"),
		"key twice, on lines":   deployment("web", "        x:\n          hunter2: a\n          hunter2: b\n"),
		"key in a variable":     deployment("web", "        env: [{name: A, value: {hunter2: a, hunter2: b}}]\n"),
		"key before a merge":    deployment("web", "        x: &a {hunter2: a}\n        y: {hunter2: b, <<: *a}\n"),
		"mapping as a variable": deployment("web", "        env: [{name: A, value: {hunter2: a}}]\n"),
		"name of a variable":    deployment("web", "        env: [{name: {hunter2: a}, value: b}]\n"),
		"alias to nothing":      deployment("web", "        env: [{name: A, value: *hunter2}]\n"),
		"open quotes":           deployment("web", "        env: [{name: A, value: \"hunter2}]\n"),
		"open brackets":         deployment("web", "        env: [{name: A, value: {hunter2}\n"),
		"unknown tag":           deployment("web", "        env: [{name: A, value: !hunter2! a}]\n"),
		"number":                deployment("web", "        ports: [{containerPort: 99999999999}]\n"),
	} {
		t.Run(name, func(t *testing.T) {
			out := Run([]File{{Text: text}}, conf, Options{})
			require.True(t, out.Findings.Failed(), out.Findings)
			require.NotContains(t, out.Findings.Error(), secret)
			require.NotContains(t, out.Findings.Error(), "99999999999")
		})
	}
}
