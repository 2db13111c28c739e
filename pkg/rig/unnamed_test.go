package rig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const unnamedService = `apiVersion: example.com/v1
kind: Service
metadata:
  name: hello
spec:
  template:
    spec:
      containers:
        - image: hello:1
          ports:
            - containerPort: 8080
`

// Custom resources may let people leave the name of a container out, as Knative does, which takes too few sidecars for
// this test. What has to be set in one is an error with a way out,
// whatever asks for it, and no container is left out in silence.
func TestUnnamedContainers(t *testing.T) {
	half := strings.Replace(unnamedService, "        - image: hello:1",
		"        - {name: web, image: 'web:1'}\n        - image: hello:1", 1)
	const takeover = "{tlsProxy: {port: 8080, secretName: a, rebind: {port: 8081, env: {LISTEN: '127.0.0.1:8081'}}}}"
	for name, c := range map[string]struct {
		patterns string
		text     string
		at       int // -1: it works
	}{
		"a variable":          {"{redisCache: {env: {A: b}}}", unnamedService, 0},
		"all containers":      {"{app: '*', redisCache: {env: {A: b}}}", unnamedService, 0},
		"all, and one has it": {"{app: '*', redisCache: {env: {A: b}}}", half, 1},
		"a takeover":          {takeover, unnamedService, 0},
		"an error of a name":  {strings.Replace(takeover, "8080", "9", 1), unnamedService, 0},
		"beside": {"{placement: beside, custom: {containers: [{name: x, image: 'x:1'}], app: {env: [{name: A, value: b}]}}}",
			half, -1},
		"beside, without a name to keep": {"{placement: beside, custom: {containers: [{name: x, image: 'x:1'}]}}",
			unnamedService, 0},
		"nothing is set": {"{waitFor: {targets: ['db:5432']}}", unnamedService, -1},
	} {
		t.Run(name, func(t *testing.T) {
			conf := readSpec(t, "  select: [{name: hello}]\n  patterns: ["+c.patterns+"]\n")
			out := Run([]File{{Text: c.text}}, conf, Options{})
			if c.at < 0 {
				require.NoError(t, out.Findings.Err())
				require.NotContains(t, out.Files()[0].Text, "default-container: ''")
				again := Run(out.Files(), conf, Options{})
				require.NoError(t, again.Findings.Err())
				require.Equal(t, out.Files()[0].Text, again.Files()[0].Text)
				return
			}
			at := "containers[" + string(rune('0'+c.at)) + "]"
			require.ErrorContains(t, out.Findings.Err(), "Service hello spec.template.spec."+at+": has no name, so "+
				"sidecars can't set anything in it; give the container a name")
			require.NotContains(t, out.Findings.Error(), "container  ")
		})
	}
}

// Messages about pods with such a container name nothing that isn't there.
func TestMessagesAboutUnnamedContainers(t *testing.T) {
	half := unnamedService + "        - {name: helper, image: 'helper:1'}\n"
	for patterns, c := range map[string]struct{ text, says string }{
		"{app: web, waitFor: {targets: ['db:5432']}}": {unnamedService,
			"no container is named web; give the container a name"},
		"{app: web, redisCache: {}}": {half, "no container is named web; name one of helper"},
		"{app: helper, tlsProxy: {port: 8080, secretName: a, rebind: {port: 8081, env: {A: '127.0.0.1:8081'}}}}": {half,
			"a container without a name declares 8080, not helper; if it's the app, give it a name, and set this entry's app " +
				"to that"},
		"{app: helper, exporter: {preset: redis, port: 8080}}": {half, "container helper doesn't declare port 8080"},
		"{tlsProxy: {port: 8080, secretName: a, rebind: {port: 8081, args: ['--to=127.0.0.1:8081']}}}": {half,
			"containers[0]: has no name"},
	} {
		conf := readSpec(t, "  select: [{name: hello}]\n  patterns: ["+patterns+"]\n")
		fs := Run([]File{{Text: c.text}}, conf, Options{}).Findings
		require.ErrorContains(t, fs.Err(), c.says)
		for _, nothing := range []string{"container  ", "[name=]", "app to ;", "app:  ", "one of ,", "of ;"} {
			require.NotContains(t, fs.Error()+";", nothing, patterns)
		}
	}
}
