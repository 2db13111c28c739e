package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
)

// A pattern and its equal custom pattern have the same result: law 9, through the program, over all cases.
func TestExplainExpand(t *testing.T) {
	cases, err := filepath.Glob("../../pkg/rigtest/testdata/*/expected.yaml")
	require.NoError(t, err)
	n := 0
	for _, name := range cases {
		dir := filepath.Dir(name)
		conf, input := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "input.yaml")
		code, expanded, stderr := call("", "explain", "--expand", "-c", conf, input)
		if code != 0 {
			require.Contains(t, stderr, "spec.select: ", "%s can't be expanded", dir)
			require.Empty(t, expanded)
			continue
		}
		require.NotContains(t, expanded, ": null\n")
		n++
		code, want, stderr := call("", "inject", "-c", conf, input)
		require.Zero(t, code, stderr)
		code, have, stderr := call("", "inject", "-c", file(t, "expanded.yaml", expanded), input)
		require.Zero(t, code, "%s: %s", dir, stderr)
		require.Equal(t, want, have, dir)
		code, again, stderr := call("", "explain", "--expand", "-c", file(t, "expanded.yaml", expanded), input)
		require.Zero(t, code, stderr)
		require.Equal(t, expanded, again, "what is spelled out stays: %s", dir)
	}
	require.Greater(t, n, len(cases)/2)
}

const agent = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment, name: web}]
  patterns:
    - javaAgent: {image: "agent:1", path: /agent.jar}
`

func TestExplainExpandForm(t *testing.T) {
	code, out, stderr := call(web, "explain", "--expand", "-c", file(t, "sidecars.yaml", agent))
	require.Zero(t, code, stderr)
	require.Equal(t, `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata:
  name: search
spec:
  select:
    - kind: Deployment
      name: web
  patterns:
    - name: java-agent
      app: web
      custom:
        phase: 50
        initContainers:
          - name: java-agent
            image: agent:1
            command:
              - cp
              - /agent.jar
              - /opt/outrigger/java-agent/agent.jar
            resources:
              limits:
                memory: 64Mi
              requests:
                cpu: 10m
                memory: 16Mi
            volumeMounts:
              - name: java-agent-jar
                mountPath: /opt/outrigger/java-agent
            securityContext:
              capabilities:
                drop:
                  - ALL
              runAsUser: 65534
              runAsGroup: 65534
              runAsNonRoot: true
              readOnlyRootFilesystem: true
              allowPrivilegeEscalation: false
              seccompProfile:
                type: RuntimeDefault
        volumes:
          - name: java-agent-jar
            emptyDir:
              sizeLimit: 512Mi
        app:
          env:
            - name: JAVA_TOOL_OPTIONS
              value: -javaagent:/opt/outrigger/java-agent/agent.jar
              appendWith: ' '
          volumeMounts:
            - name: java-agent-jar
              readOnly: true
              mountPath: /opt/outrigger/java-agent
`, out)
}

func TestExplainExpandRefuses(t *testing.T) {
	several := strings.Replace(agent, "[{kind: Deployment, name: web}]", "[{name: .*}]", 1)
	two := web + "---\n" + strings.ReplaceAll(web, "name: web", "name: api")
	for name, c := range map[string]struct {
		config string
		input  string
		want   string
	}{
		"several workloads": {config: several, input: two, want: "sidecars.yaml:5: spec.select: 2 workloads are " +
			"selected, such as Deployment web and Deployment api, but explain --expand needs just one\n  hint: " +
			"write a document for each workload, with select: [{kind: Deployment, name: web}] for this one\n"},
		"none": {
			config: strings.Replace(agent, "name: web", "name: wub", 1),
			input:  web,
			want: "sidecars.yaml:5: spec.select: selects no workload\n" +
				"  hint: there is Deployment web: its name is web, not wub\n",
		},
		"none is fine": {
			config: strings.Replace(agent, "name: web}]", "name: wub}]\n  expect: {min: 0}", 1),
			input:  web,
			want:   "sidecars.yaml:5: spec.select: selects no workload\n  hint: explain --expand needs one\n",
		},
		"a bad config": {
			config: strings.Replace(agent, "javaAgent", "javaagent", 1),
			input:  web,
			want:   "there is no such field\n  hint: did you mean javaAgent\n",
		},
		"no input": {config: agent, want: "error[no-input]: standard input is empty\n"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, stderr := call(c.input, "explain", "--expand", "-c", file(t, "sidecars.yaml", c.config))
			require.Equal(t, 1, code)
			require.Empty(t, out)
			require.True(t, strings.HasSuffix(stderr, c.want), stderr)
		})
	}
}

func TestExplain(t *testing.T) {
	code, list, stderr := call("", "explain")
	require.Zero(t, code, stderr)
	for _, key := range config.PatternKeys() {
		require.Contains(t, "\n"+list, "\n"+key+" ")
		code, out, stderr := call("", "explain", key)
		require.Zero(t, code, stderr)
		require.True(t, strings.HasPrefix(out, key+" (object)\n  "), out)
		require.NotContains(t, out, "\n  "+key+" ", "a name is written once")
		head, _, _ := strings.Cut(out, "\n\n")
		require.NotRegexp(t, `\((ambassador|adapter|sidecar|init|any)\)$`, head, "the list of patterns says so")
	}
	require.Contains(t, list, "tlsProxy      ambassador       terminates TLS in the pod in front of a plain app\n")

	for path, want := range map[string]string{
		"migrate.mode":                "migrate.mode (init or job)\n  When to migrate: init (",
		"migrate":                     "\n  databaseURL (object)\n      The URL",
		"migrate.databaseURL":         "\n  secretName (string, required)\n      The name of the Secret.\n",
		"custom.containers[0].image":  "custom.containers[0].image (string)\n",
		"custom.app.env":              "\n  appendWith (string)\n",
		"tlsProxy.rebind":             "tlsProxy.rebind (object)\n",
		"tunnel.env":                  "tunnel.env (mapping of strings)\n",
		"override.resources":          "override.resources (object)\n",
		"app":                         "app (string or list of strings)\n",
		"select":                      "select (list of objects)\n",
		"spec.select":                 "spec.select (list of objects)\n",
		"spec.patterns.tlsProxy.port": "spec.patterns.tlsProxy.port (integer)\n",
		"override.lifecycle.preStop":  "\n  exec (object)\n",
		"spec.patterns[0].placement":  "Placement of long-running containers",
	} {
		code, out, stderr := call("", "explain", path)
		require.Zero(t, code, stderr)
		require.Contains(t, out, want)
		for _, line := range strings.Split(out, "\n") {
			require.LessOrEqual(t, len(line), 100)
		}
	}

	for arg, want := range map[string]string{
		"tlsproxy":  `there is no pattern or field "tlsproxy"` + "\n  hint: " + `did you mean tlsProxy`,
		"tls-proxy": `there is no pattern or field "tls-proxy"` + "\n  hint: " + `did you mean tlsProxy`,
		"exportr":   `there is no pattern or field "exportr"` + "\n  hint: " + `did you mean exporter`,
		"nothing-of-the-kind": `there is no pattern or field "nothing-of-the-kind"` + "\n  hint: " +
			`outrigger explain lists the patterns`,
		"tunnel.hst": `tunnel has no field "hst"` + "\n  hint: " + `did you mean host`,
		"migrate.source.xxxx": `migrate.source has no field "xxxx"` + "\n  hint: " +
			`it has configMapName, image, path, imageVolume`,
		"migrate.mode.job": `migrate.mode has no fields`,
		"migrate..mode":    `migrate has no field ""` + "\n  hint: " + `it has command, args`,
	} {
		code, out, stderr := call("", "explain", arg)
		require.Equal(t, exitMisuse, code)
		require.Empty(t, out)
		require.Contains(t, stderr, "error[command-line]: explain: "+want)
	}
}

func TestExplainArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--expand"}, exitMisuse, "no Sidecars document is given\n  hint: name it with --expand -c FILE"},
		{[]string{"-c", "x.yaml"}, exitMisuse, "-c is for --expand"},
		{[]string{"tunnel", "tlsProxy"}, exitMisuse, "one pattern or field at a time"},
		{[]string{"--expand", "-c", filepath.Join(os.TempDir(), "outrigger-isnt-there.yaml")}, exitFailed, "no such file"},
	} {
		code, out, stderr := call("", append([]string{"explain"}, c.args...)...)
		require.Equal(t, c.code, code)
		require.Empty(t, out)
		require.Contains(t, stderr, c.want)
	}
}
