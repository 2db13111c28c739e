package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// flatText returns a ConfigMap as kpt makes it from words on the command line.
func flatText(words ...string) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: function-input}\ndata:\n")
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		b.WriteString("  " + k + ": '" + v + "'\n")
	}
	return b.String()
}

func TestReadFlat(t *testing.T) {
	c, fs := Read([]byte(flatText("pattern=tlsProxy", "kind=Deployment", "name=search", "port=9200", "secretName=tls",
		"rebind.port=9201", "rebind.env.http.port=9201", "rebind.args=-a, --listen=127.0.0.1:9201", "drainSeconds=0",
		"app=es", "after=one,two", "override.image=nginx:1", "override.resources.limits.cpu=1", "expect.max=3",
		"kubernetesVersion=1.30")), "")
	require.Empty(t, fs)
	e := c.Spec.Patterns[0]
	rebind := &proxy.Rebind{
		Port: 9201, Env: map[string]string{"http.port": "9201"}, Args: []string{"-a", "--listen=127.0.0.1:9201"},
	}
	base := proxy.Base{Port: 9200, SecretName: "tls", DrainSeconds: new(int64), Rebind: rebind}
	require.Equal(t, &proxy.TLSProxy{Base: base}, e.TLSProxy)
	require.Equal(
		t,
		[]string{"es", "one", "two", "tls-proxy", "nginx:1"},
		append([]string{e.App[0]}, append(e.After, e.Name, e.Override.Image)...),
	)
	require.True(t, e.Override.Resources.Limits[corev1.ResourceCPU].Equal(resource.MustParse("1")))
	require.Equal(t, 3, *c.Spec.Expect.Max)
	require.Equal(t, "1.30", c.Spec.KubernetesVersion, "a text stays as it's written")
	require.True(t, c.Spec.Selects(&Meta{Ref: elasticsearch().Ref, Previous: was([]string{"search"}, nil)}))

	c, fs = Read([]byte(flatText("name=search", "id=tls")), "")
	require.Empty(t, fs)
	require.Empty(t, c.Spec.Patterns, "no pattern is fine where the document is named: its work is removed")
}

func TestReadFlatErrors(t *testing.T) {
	for name, c := range map[string]struct {
		words []string
		want  string
	}{
		"nothing": {nil, "4 missing-field data: select at least one workload; as in kind=Deployment name=search"},
		"no selection": {
			[]string{"record=auto"},
			"4 missing-field data: select at least one workload; as in kind=Deployment name=search",
		},
		"unknown pattern": {
			[]string{"name=a", "pattern=tls-proxy"},
			`6 bad-value data.pattern: "tls-proxy" isn't ` + joinOr(PatternKeys()) + `; did you mean tlsProxy`,
		},
		"unknown field": {
			[]string{"nam=a", "name=a"},
			"5 unknown-field data.nam: there is no such field; did you mean name",
		},
		"unknown field below": {
			[]string{"name=a", "expect.mix=1"},
			"6 unknown-field data.expect.mix: there is no such field; did you mean min",
		},
		"no number": {
			[]string{"name=a", "expect.min=one"},
			"6 wrong-type data.expect.min: wanted an integer, got a string; ",
		},
		"no mapping": {
			[]string{"name=a", "pattern=custom", "expect=1"},
			"7 wrong-type data.expect: wanted a mapping, got a string; write its fields as keys, with a dot after its name",
		},
		"said twice": {
			[]string{"name=a", "override=1", "override.image=x", "pattern=custom"},
			"6 wrong-type data.override: wanted a mapping, got a string; write its fields as keys, with a dot after its name\n" +
				"7 duplicate-field data.override.image: another key sets a part of it; remove one of them",
		},
		"no regexp": {
			[]string{"name=a("},
			`5 bad-value data.name: "a(" isn't a valid regular expression: missing closing ); `,
		},
		"no word": {
			[]string{"name=a", "placement=outside", "pattern=custom"},
			`6 bad-value data.placement: "outside" isn't native or beside; `,
		},
		"field of a pattern": {
			[]string{"name=a", "pattern=custom", "phase=x"},
			"7 wrong-type data.phase: wanted an integer, got a string; ",
		},
		"no entry": {
			[]string{"name=a", "app=x"},
			"4 missing-field data: no pattern is given; add one of " + strings.Join(PatternKeys(), ", "),
		},
		"a name twice": {
			[]string{"name=a", "name=b"},
			"6 duplicate-field data: has one name twice, first in line 5; remove one of them",
		},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, strings.Join(seen(flatText(c.words...)), "\n")) })
	}
	require.Equal(t, []string{"4 wrong-type data.name: wanted a string, got a number; quote it"},
		seen("apiVersion: v1\nkind: ConfigMap\ndata:\n  name: 1\n"))
	require.Equal(t, []string{
		"2 unknown-field binaryData: there is no such field; known here: apiVersion, kind, metadata, data",
	},
		seen("apiVersion: v1\nbinaryData: {}\nkind: ConfigMap\ndata: {name: a}\n"))
}

// kpt gives one name to all configs that it makes of words, so the name is made of what a config does.
func TestFlatName(t *testing.T) {
	name := func(words ...string) string {
		c, fs := Read([]byte(flatText(words...)), "")
		require.Empty(t, fs)
		return c.Metadata.Name
	}
	exporter := []string{"pattern=exporter", "preset=redis"}
	require.Equal(t, "exporter:kind=Deployment,name=search", name(append(exporter, "name=search", "kind=Deployment")...))
	require.Equal(t, "tls-proxy:name=search", name("pattern=tlsProxy", "port=1", "secretName=s", "name=search",
		"rebind.port=2", "rebind.args=--listen=127.0.0.1:2"))
	require.Equal(t, name(append(exporter, "name=a")...), name("pattern=exporter", "preset=mysql", "name=a"),
		"a setting changes, and the config stays the same one")
	require.Equal(t, "second:name=a", name(append(exporter, "name=a", "sidecar=second")...))
	require.Equal(t, "mine", name(append(exporter, "name=a", "id=mine")...))

	different := map[string]bool{}
	for _, selection := range [][]string{{"name=a"}, {"namespace=a"}, {"kind=a"}, {"name=b"}, {"name=a", "kind=a"},
		{"labelSelector=a,name=b"}, {"labelSelector=a", "name=b"}, {`labelSelector=a\,name=b`},
		{`labelSelector="a,name=b"`}} {
		c := &Sidecars{Spec: Spec{Select: make([]Selector, 1), Patterns: []Entry{{Name: "x"}}}}
		for _, word := range selection {
			key, value, _ := strings.Cut(word, "=")
			reflect.ValueOf(&c.Spec.Select[0]).Elem().FieldByName(strings.ToUpper(key[:1]) + key[1:]).SetString(value)
		}
		newReader(&yaml.Node{}).nameFlat(c, "")
		require.False(t, different[c.Metadata.Name], c.Metadata.Name)
		different[c.Metadata.Name] = true
	}

	text := strings.Replace(flatText(append(exporter, "name=a")...), kptName, "own", 1)
	c, fs := Read([]byte(text), "")
	require.Empty(t, fs)
	require.Equal(t, "own", c.Metadata.Name, "a file has a name of its own")
}

// A key may begin with the pattern's, where a selector has a field of the same name.
func TestFlatPatternKeys(t *testing.T) {
	c, fs := Read([]byte(flatText("pattern=vault", "namespace=prod", "vault.namespace=team", "vault.role=r",
		"address=https://v:8200", "mode=init", "name=a", "vault.envFile=x")), "")
	require.Nil(t, c)
	require.Equal(t, "data.vault.envFile", fs[len(fs)-1].Field, "%v", fs)
	for _, f := range fs {
		require.NotContains(t, f.Field, "namespace")
	}
}

// What findings quote of a config is written as it's written there.
func TestFlatSpelling(t *testing.T) {
	for hint, want := range map[string]string{
		"write rebind: {port: 9201}, or mode: front": "write rebind.port=9201, or mode=front",
		"certificate: {issuerRef: {name: ...}, dnsNames: [...]}": "certificate.issuerRef.name=... " +
			"certificate.dnsNames=...",
		"write override.securityContext: {runAsUser: 0, runAsGroup: 1}": "write " +
			"override.securityContext.runAsUser=0 override.securityContext.runAsGroup=1",
		"write tlsProxy: {port: 1} in place of it":     "write port=1 in place of it",
		`if that's intended, write name: ".*"`:         "if that's intended, write name=.*",
		"set expect: {min: 2}":                         "set expect.min=2",
		"set record: always":                           "set record=always",
		"there are: a, b":                              "there are: a, b",
		"as in env: [{name: NAME}]":                    "as in env: [{name: NAME}]",
		"write env: {A: b}":                            "write rebind.env.A=b",
		"write one like https://otel.example.com:4317": "write one like https://otel.example.com:4317",
		"write nothing: {a: b}":                        "write nothing: {a: b}",
	} {
		c := &Sidecars{flat: &speller{"tlsProxy"}}
		f := sidecar.Finding{Field: "spec.patterns[0].tlsProxy.rebind.port", Hint: hint}
		c.Respell(&f)
		require.Equal(t, want, f.Hint)
		require.Equal(t, "data.rebind.port", f.Field)
		(&Sidecars{}).Respell(&f)
		require.Equal(t, "data.rebind.port", f.Field)
	}
}
