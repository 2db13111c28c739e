package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const renamed = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: app
          image: app:1
          ports:
            - {containerPort: 8080, name: http}
          readinessProbe: {httpGet: {port: http}}
        - name: helper
          image: helper:1
          env: [{name: A, value: a}]
      volumes: []
`

// Whoever renames the app's container of a file with sidecars finds nothing of them left afterwards, and sees what a
// fresh run gives.
func TestRenamedContainers(t *testing.T) {
	rename := func(text string) string { return strings.Replace(text, "- name: app\n", "- name: web\n", 1) }
	for _, patterns := range []string{
		"{redisCache: {env: {CACHE: 127.0.0.1}}}",
		"{otelAgent: {endpoint: 'https://otel.example.com:4317'}}",
		"{tlsProxy: {port: 8080, secretName: s, rebind: {port: 8081, args: ['--listen=127.0.0.1:8081']}}}",
		"{gitSync: {repo: 'https://git.example/a/b', ref: main, mountPath: /c, sizeLimit: 20Mi}}",
		"{app: '*', redisCache: {env: {CACHE: 127.0.0.1}}}",
		"{placement: beside, logTail: {directory: /logs, files: [a.log]}}",
	} {
		conf := readSpec(t, "  select: [{name: web}]\n  patterns: ["+patterns+"]\n")
		laid := Run([]File{{"web.yaml", renamed}}, conf, Options{InPlace: true})
		require.NoError(t, laid.Findings.Err(), patterns)
		now := []File{{"web.yaml", rename(laid.Files()[0].Text)}}
		back, fs := Strip(now, "")
		require.NoError(t, fs.Err(), patterns)
		require.Equal(t, rename(renamed), back[0].Text, patterns)
		fresh := Run(back, conf, Options{InPlace: true})
		again := Run(now, conf, Options{InPlace: true})
		require.NoError(t, again.Findings.Err(), patterns)
		require.Equal(t, fresh.Files(), again.Files(), patterns)
	}
}

// Where two containers have what was laid on in one that isn't there any more, nobody knows which of them it was.
func TestUnclearRenamedContainers(t *testing.T) {
	conf := readSpec(t, "  select: [{name: web}]\n  patterns: [{app: '*', redisCache: {env: {CACHE: 127.0.0.1}}}]\n")
	laid := Run([]File{{"web.yaml", renamed}}, conf, Options{InPlace: true})
	require.NoError(t, laid.Findings.Err())
	text := strings.NewReplacer("- name: app\n", "- name: one\n", "- name: helper\n", "- name: two\n").
		Replace(laid.Files()[0].Text)
	_, fs := Strip([]File{{"web.yaml", text}}, "")
	require.ErrorContains(t, fs.Err(), "containers[name=app]: was changed by hand")
	// What a person removes with its container is no matter.
	head, rest, _ := strings.Cut(laid.Files()[0].Text, "        - name: helper\n")
	_, rest, _ = strings.Cut(rest, "      volumes:")
	back, fs := Strip([]File{{"web.yaml", head + "      volumes:" + rest}}, "")
	require.NoError(t, fs.Err())
	require.NotContains(t, back[0].Text, "CACHE")
}
