package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// search is the config of the article with only the proxy.
const search = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata:
  name: search
  annotations:                                  # how kustomize finds the program; kpt has this in its Kptfile
    config.kubernetes.io/function: |
      exec: {path: outrigger}
spec:
  select:                                       # which workloads; entries are ORed
    - kind: Deployment
      name: elasticsearch
  patterns:                                     # what rides along, in this order
    - tlsProxy:
        port: 9200                              # where clients come in; stays as it is
        secretName: elasticsearch-tls           # tls.crt, tls.key, as cert-manager writes them
        rebind:                                 # how the app is moved to loopback
          port: 9201
          env: {network.host: 127.0.0.1, http.port: "9201"}
`

func TestReadArticle(t *testing.T) {
	c, fs := Read([]byte(search), "sidecars.yaml")
	require.Empty(t, fs)
	require.Equal(t, "search", c.Metadata.Name)
	require.Len(t, c.Spec.Patterns, 1)
	e := &c.Spec.Patterns[0]
	require.Equal(t, &proxy.TLSProxy{Base: proxy.Base{
		Port: 9200, SecretName: "elasticsearch-tls",
		Rebind: &proxy.Rebind{Port: 9201, Env: map[string]string{"network.host": "127.0.0.1", "http.port": "9201"}},
	}}, e.Pattern())
	require.Equal(t, "tlsProxy", e.Key())

	require.Equal(t, "tls-proxy", e.Name, "the defaults are there")
	require.Equal(t, sidecar.Native, e.Placement)
	require.Equal(t, 1, *c.Spec.Expect.Min)
	require.Equal(t, RecordAuto, c.Spec.Record)
	require.Equal(t, RolloutAuto, c.Spec.Rollout)
	require.Equal(t, sidecar.Version{Major: 1, Minor: 33}, c.Spec.Kubernetes())
	require.True(t, c.Spec.Selects(&Meta{Ref: sidecar.Ref{Group: "apps", Kind: "Deployment", Name: "elasticsearch"}}))
}

// app is one name, a list of names, or "*" for all.
func TestReadApp(t *testing.T) {
	for text, want := range map[string]Names{"es": {"es"}, "[es, web]": {"es", "web"}, `"*"`: {"*"}, "[es]": {"es"}} {
		c, fs := Read([]byte(strings.Replace(search, "- tlsProxy:", "- app: "+text+"\n      tlsProxy:", 1)), "")
		require.Empty(t, fs, text)
		require.Equal(t, want, c.Spec.Patterns[0].App, text)
	}
	for text, want := range map[string]string{
		"1":      "line 13: spec.patterns[0].app: wanted a string, got a number; quote it",
		"{a: b}": "line 13: spec.patterns[0].app: wanted a name or a list of names, got a mapping",
		"Es": `line 13: spec.patterns[0].app: "Es" isn't a valid container name; ` +
			`use at most 63 lower-case letters, digits and dashes`,
		"[es, es]": `line 13: spec.patterns[0].app[1]: "es" is in the list twice; remove one of them`,
		`[es, "*"]`: `line 13: spec.patterns[0].app[1]: "*" means all containers, ` +
			`so no other name can be in the list; remove "*", or all other names`,
	} {
		_, fs := Read([]byte(strings.Replace(search, "- tlsProxy:", "- app: "+text+"\n      tlsProxy:", 1)), "")
		require.EqualError(t, fs.Err(), want, text)
	}
}

// kustomize passes a config in the style of JSON, with annotations of its own.
func TestReadFromKustomize(t *testing.T) {
	list := `apiVersion: config.kubernetes.io/v1
kind: ResourceList
items: []
functionConfig:
  apiVersion: outrigger.dev/v1alpha1
  kind: Sidecars
  metadata:
    annotations:
      config.kubernetes.io/function: |
        exec: {path: outrigger}
      config.kubernetes.io/local-config: "true"
      internal.config.kubernetes.io/path: sidecars.yaml
    creationTimestamp: null
    name: search
  spec:
    patterns:
    - tlsProxy:
        port: 9200
        rebind:
          args:
          - --listen=127.0.0.1:9201
          port: 9201
        secretName: elasticsearch-tls
    %s
    - kind: Deployment
      name: elasticsearch
`
	read := func(selects string) (*Sidecars, sidecar.Findings) {
		var n yaml.Node
		require.NoError(t, yaml.Unmarshal([]byte(strings.Replace(list, "%s", selects, 1)), &n))
		return ReadNode(n.Content[0].Content[7], "")
	}
	c, fs := read("select:")
	require.Empty(t, fs)
	require.Equal(t, "tls-proxy", c.Spec.Patterns[0].Name)
	_, fs = read("selct:")
	require.Equal(
		t,
		"line 24: spec.selct: there is no such field; did you mean select",
		fs.Error(),
		"the line is that of the list",
	)
}

func TestReadNothing(t *testing.T) {
	const want = "missing-config"
	for _, text := range []string{"", "# only a comment\n", "---\n---\n", "null\n"} {
		_, fs := Read([]byte(text), "")
		require.Len(t, fs, 1)
		require.Equal(t, want, fs[0].Code)
	}
	_, fs := ReadNode(nil, "")
	require.Equal(t, want, fs[0].Code)
}

// A document may say that it's of YAML 1.2.
func TestReadVersions(t *testing.T) {
	const doc = "apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: a}\nspec:\n" +
		"  select: [{name: a}]\n  patterns: [{waitFor: {targets: ['db:5432']}}]\n"
	for _, head := range []string{"", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "\ufeff%YAML  1.2 # c\n---\n"} {
		_, fs := Read([]byte(head+doc), "")
		require.NoError(t, fs.Err(), head)
	}
	_, fs := Read([]byte("# c\n%YAML 1.3\n---\n"+doc), "a.yaml")
	require.EqualError(t, fs.Err(), "a.yaml:2: has a %YAML directive of a version other than 1.1 and 1.2")
}

func TestReadAliases(t *testing.T) {
	c := mustRead(t, `
  select: [&app {kind: Deployment, name: a}, {<<: *app, name: b}, {<<: [{name: c}, *app]}, {&key name: d}, {*key : e}]
  patterns:
    - name: one
      tlsProxy: &proxy {port: 443, secretName: tls, rebind: {port: 8080, args: &args [--listen=127.0.0.1:8080]}}
    - name: two
      tlsProxy:
        <<: *proxy
        port: 444
        rebind: {port: 8080, args: *args}
`)
	require.Equal(t, []string{"Deployment a", "Deployment b", "Deployment c"}, []string{
		c.Spec.Select[0].Kind + " " + c.Spec.Select[0].Name,
		c.Spec.Select[1].Kind + " " + c.Spec.Select[1].Name,
		c.Spec.Select[2].Kind + " " + c.Spec.Select[2].Name,
	})
	require.Equal(t, "e", c.Spec.Select[4].Name)
	two := c.Spec.Patterns[1].TLSProxy
	require.Equal(t, "tls", two.SecretName)
	require.EqualValues(t, 444, two.Port)
	require.Equal(t, []string{"--listen=127.0.0.1:8080"}, two.Rebind.Args)
}

func TestReadKeepsTheOrderOfObjects(t *testing.T) {
	c := mustRead(t, `
  select: [{name: a}]
  patterns:
    - name: files
      custom:
        objects:
          - kind: ConfigMap
            apiVersion: v1
            metadata: {name: x, labels: {b: "1", a: <&>}}
            data: {z: "1", y: "é"}
            extra: [1, 2.50, 0o17, 0x10, 1_000, true, null, ~, 1e3, {}]
`)
	require.JSONEq(t, `[1, 2.50, 15, 16, 1000, true, null, null, 1e3, {}]`,
		strings.TrimSuffix(strings.SplitN(string(c.Spec.Patterns[0].Custom.Objects[0].RawMessage), `"extra":`, 2)[1], "}"))
	require.Equal(t, `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x","labels":{"b":"1","a":"<&>"}},`+
		`"data":{"z":"1","y":"é"},"extra":[1,2.50,15,16,1000,true,null,null,1e3,{}]}`,
		string(c.Spec.Patterns[0].Custom.Objects[0].RawMessage))
}

func TestReadTypesOfKubernetes(t *testing.T) {
	c := mustRead(t, `
  select: [{name: a}]
  patterns:
    - name: x
      override:
        image: registry.example/x:1
        resources: {requests: {cpu: 0.5, memory: 64Mi}}
        env: [{name: A}]
        readinessProbe: {httpGet: {port: http}}
        securityContext: {runAsUser: 101, readOnlyRootFilesystem: true}
      custom:
        containers:
          - name: x
            image: x
            ports: [{containerPort: 80}]
            livenessProbe: {httpGet: {path: /, port: 80}}
        volumes: [{name: tmp, emptyDir: {medium: Memory, sizeLimit: 16Mi}}]
        app: {drainSeconds: 5}
`)
	e := c.Spec.Patterns[0]
	require.Equal(t, "500m", e.Override.Resources.Requests.Cpu().String())
	require.Equal(t, "http", e.Override.ReadinessProbe.HTTPGet.Port.String())
	require.EqualValues(t, 101, *e.Override.SecurityContext.RunAsUser)
	require.Equal(t, 80, e.Custom.Containers[0].LivenessProbe.HTTPGet.Port.IntValue())
	require.Equal(t, corev1.StorageMediumMemory, e.Custom.Volumes[0].EmptyDir.Medium)
	require.EqualValues(t, 5, e.Custom.App.DrainSeconds)
}

func TestEntryFillsTheView(t *testing.T) {
	c := mustRead(t, `
  select: [{name: a}]
  patterns: [{name: x, placement: beside, override: {image: y}, custom: {}}]
`)
	var w sidecar.Workload
	e := &c.Spec.Patterns[0]
	e.Fill(&w)
	require.Equal(t, "x", w.Name)
	require.Equal(t, sidecar.Beside, w.Placement)
	require.Equal(t, "y", w.Image("z"))
	w.Override.Image = ""
	require.Equal(t, "y", e.Override.Image, "the view is a copy")

	require.Nil(t, (&Entry{}).Pattern())
	require.Empty(t, (&Entry{}).Key())
	(&Entry{}).Fill(&w)
	require.Nil(t, w.Override)
	require.Equal(t, sidecar.Version{Major: 1, Minor: 33}, (&Spec{}).Kubernetes())
}

// mustRead reads a config with the given spec.
func mustRead(t *testing.T, spec string) *Sidecars {
	t.Helper()
	c, fs := Read([]byte(head+spec), "")
	require.Empty(t, fs)
	return c
}

const head = "apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nspec:"
