package starter

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
)

const shop = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      volumes: [{name: settings, configMap: {name: shop}}, {name: data, persistentVolumeClaim: {claimName: shop}}]
      containers:
        - name: shop
          image: registry.example.com/redis:7@sha256:00
          ports: [{containerPort: 53, protocol: UDP}, {containerPort: 8080}]
          volumeMounts: [{name: settings, mountPath: /etc/shop}, {name: data, mountPath: /data}]
`

func find(t *testing.T, texts ...string) []Workload {
	t.Helper()
	var all []*manifest.Text
	for _, text := range texts {
		parsed, err := manifest.Parse("app.yaml", text)
		require.NoError(t, err)
		all = append(all, parsed)
	}
	return FindWorkloads(all)
}

// Every pattern has a start, and every start is a valid document that selects the workload.
func TestStarts(t *testing.T) {
	require.Equal(t, slices.Sorted(slices.Values(config.PatternKeys())), slices.Sorted(maps.Keys(starts)),
		"write how to begin with the pattern into pkg/starter/entries.go")
	found := find(t, shop)
	require.Len(t, found, 1)
	for pattern := range starts {
		for _, opt := range []Options{{}, {Function: true}, {Local: true, Labels: true}} {
			all, err := WriteDocuments(found[0], pattern, opt)
			require.NoError(t, err, pattern)
			require.Len(t, all, len(starts[pattern]))
			for _, got := range all {
				require.NotContains(t, strings.Join(got.Check, ""), "; ", "it would be printed as a hint")
				_, fs := config.Read([]byte(got.Text), "sidecars.yaml")
				require.Empty(t, fs, "%s\n%s", pattern, got.Text)
			}
		}
	}
}

func TestWrite(t *testing.T) {
	w := find(t, shop)[0]
	all, err := WriteDocuments(w, "tlsProxy", Options{Labels: true, Schema: "sidecars.schema.json"})
	require.NoError(t, err)
	require.Equal(t, `# yaml-language-server: $schema=sidecars.schema.json
apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata:
  name: shop
spec:
  select:
    - kind: Deployment
      podSelector: app=shop # its name may have a prefix here
  patterns:
    - tlsProxy:
        port: 8080 # where clients come in; it stays as it is
        secretName: shop-tls # check: the Secret with tls.crt and tls.key
        rebind: {preset: redis}
`, all[0].Text)
	require.Contains(t, all[1].Text, "\n        mode: front # ")
	require.Equal(t, []string{"secretName: the Secret with tls.crt and tls.key"}, all[0].Check)

	w.Image, w.Port = "shop:1", 0
	_, err = WriteDocuments(w, "tlsProxy", Options{})
	require.EqualError(t, err, "Deployment shop: its first container declares no port; "+
		"add ports to it, or choose another pattern")
	_, err = WriteDocuments(w, "exporter", Options{})
	require.EqualError(t, err, "Deployment shop: no preset of exporter is for the image shop:1; "+
		"outrigger explain exporter says how to do without one")
	_, err = WriteDocuments(w, "other", Options{})
	require.ErrorContains(t, err, `there is no pattern "other"; it's one of tlsProxy, `)
}

// A stranger's manifest can't write anything but names into the document.
func TestHostileNames(t *testing.T) {
	const hostile = "a\n    - custom: {}\n#"
	for _, change := range []func(*Workload){
		func(w *Workload) { w.Ref.Name = hostile }, func(w *Workload) { w.Ref.Kind = hostile },
		func(w *Workload) { w.Ref.Name = "" },
	} {
		w := find(t, shop)[0]
		change(&w)
		_, err := WriteDocuments(w, "waitFor", Options{})
		require.ErrorContains(t, err, "the cluster takes no such name or kind; mend it first")
	}
	w := find(t, shop)[0]
	w.Labels, w.Image, w.Mounts = map[string]string{"app": hostile}, "redis}\n"+hostile, []string{hostile}
	for pattern := range starts {
		all, err := WriteDocuments(w, pattern, Options{Labels: true})
		if err != nil { // no preset is for the image
			continue
		}
		conf, fs := config.Read([]byte(all[0].Text), "")
		require.False(t, fs.Failed(), all[0].Text)
		require.Len(t, conf.Spec.Patterns, 1, all[0].Text)
		require.Equal(t, "shop", conf.Spec.Select[0].Name)
	}
}

// Patches and objects that no cluster takes aren't workloads.
func TestFindWorkloads(t *testing.T) {
	local := "apiVersion: v1\nkind: Pod\nmetadata:\n  name: local\n" +
		"  annotations: {config.kubernetes.io/local-config: \"true\"}\n" +
		"spec: {containers: [{name: a, image: a}]}\n"
	require.Len(t, find(t, shop, local, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"), 1)
}

// Names go into the document as texts, whatever they look like.
func TestQuote(t *testing.T) {
	for _, name := range []string{"shop", "on", "n", "null", "1", "1e3", "web-1", "0x-1", "a.b", "true", "2001-01-01",
		"a:"} {
		var got any
		require.NoError(t, yaml.Unmarshal([]byte("a: "+QuoteName(name)), &map[string]any{"a": &got}))
		var m map[string]any
		require.NoError(t, yaml.Unmarshal([]byte("a: "+QuoteName(name)), &m))
		require.Equal(t, name, m["a"])
	}
}
