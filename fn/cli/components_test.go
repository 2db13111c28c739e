package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A kustomization is a folder of kustomizations that is built with the real kustomize.
type kustomization struct{ dir string }

func (k kustomization) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(k.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// writeDocument writes a document as a transformer, and as a Component of its name.
func (k kustomization) writeDocument(t *testing.T, name string, sidecars ...string) {
	t.Helper()
	document := strings.Replace(text(t, documentOf(t, name, sidecars...)), "metadata: {name: "+name+"}",
		"metadata:\n  name: "+name+"\n  annotations: {config.kubernetes.io/function: 'exec: {path: outrigger}'}", 1)
	k.write(t, name+"/kustomization.yaml",
		"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ntransformers: [sidecars.yaml]\n")
	k.write(t, name+"/sidecars.yaml", document)
	k.write(t, "with-"+name+"/kustomization.yaml", "resources: [../base]\ntransformers: [sidecars.yaml]\n")
	k.write(t, "with-"+name+"/sidecars.yaml", document)
}

func (k kustomization) build(t *testing.T, lines string) (string, error) {
	t.Helper()
	k.write(t, "overlay/kustomization.yaml", lines)
	c := exec.Command("kustomize", "build", "--enable-alpha-plugins", "--enable-exec", filepath.Join(k.dir, "overlay"))
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, said.String())
	}
	return string(out), nil
}

// Two Components give what one document with all their patterns gives, in both orders, and
// so do a base's transformer and an overlay's, whatever the overlay renames or labels.
func TestComponentsAddUp(t *testing.T) {
	for _, proxy := range []string{"tls-proxy", "auth-proxy"} {
		for _, other := range []string{"exporter", "log-tail", "vault", "sysctl", "wait-for", "otel-agent"} {
			t.Run(proxy+" and "+other, func(t *testing.T) {
				t.Parallel()
				k := kustomization{t.TempDir()}
				k.write(t, "base/kustomization.yaml", "resources: [shop.yaml]\n")
				k.write(t, "base/shop.yaml", shop)
				k.writeDocument(t, "all", other, proxy)
				k.writeDocument(t, "access", proxy)
				k.writeDocument(t, "metrics", other)
				const more = "namePrefix: p-\nnameSuffix: -s\nnamespace: prod\n" +
					"labels: [{pairs: {team: a}, includeSelectors: true}]\n"
				for _, name := range []string{"all", "access", "metrics"} {
					k.write(t, "overlay/"+name+".yaml", text(t, filepath.Join(k.dir, name, "sidecars.yaml")))
				}
				for one, several := range map[string][]string{
					"resources: [../base]\ncomponents: [../all]\n": {
						"resources: [../base]\ncomponents: [../access, ../metrics]\n",
						"resources: [../base]\ncomponents: [../metrics, ../access]\n",
						"resources: [../with-access]\ncomponents: [../metrics]\n",
						"resources: [../with-metrics]\ncomponents: [../access]\n",
					},
					"resources: [../base]\ntransformers: [all.yaml]\n": {
						"resources: [../base]\ntransformers: [access.yaml, metrics.yaml]\n",
						"resources: [../with-access]\ntransformers: [metrics.yaml]\n",
						"resources: [../with-metrics]\ntransformers: [access.yaml]\n",
					},
				} {
					want, err := k.build(t, one+more)
					require.NoError(t, err)
					require.NotContains(t, want, "internal.config.kubernetes.io")
					for _, lines := range several {
						have, err := k.build(t, lines+more)
						require.NoError(t, err, lines)
						require.Equal(t, want, have, lines)
					}
				}
			})
		}
	}
}

// Where an overlay has changed what a document laid on, another one is added to it as it
// stands: an exporter still reaches the app that a proxy has moved, and what would have to
// follow and can't is an error.
func TestComponentsOverChanges(t *testing.T) {
	k := kustomization{t.TempDir()}
	k.write(t, "base/kustomization.yaml", "resources: [shop.yaml]\n")
	k.write(t, "base/shop.yaml", shop)
	k.writeDocument(t, "access", "tls-proxy")
	k.writeDocument(t, "metrics", "exporter")
	image := func(name string) string { return "images: [{name: " + name + ", newTag: mine}]\n" }
	const nginx, exporter = "docker.io/nginxinc/nginx-unprivileged", "quay.io/prometheuscommunity/elasticsearch-exporter"
	for _, name := range []string{"access", "metrics"} {
		k.write(t, "overlay/"+name+".yaml", text(t, filepath.Join(k.dir, name, "sidecars.yaml")))
	}
	for _, lines := range []string{
		image(nginx),
		`patches: [{target: {kind: ConfigMap}, patch: '[{"op": "add", "path": "/data/more", "value": "mine"}]'}]` + "\n",
		`patches: [{target: {kind: StatefulSet}, patch: '[{"op": "add", "path": "/spec/template/spec/initContainers/0/env",` +
			` "value": [{"name": "MORE", "value": "mine"}]}]'}]` + "\n",
	} {
		out, err := k.build(t, "resources: [../with-access]\ntransformers: [metrics.yaml]\n"+lines)
		require.NoError(t, err, lines)
		require.Contains(t, out, "mine", "what the overlay changes stays")
		require.Contains(t, out, "--es.uri=http://127.0.0.1:9201")
	}
	_, err := k.build(t, "resources: [../with-metrics]\ntransformers: [access.yaml]\n"+image(exporter))
	require.ErrorContains(t, err, "error[documents-apart]")
	require.ErrorContains(t, err, "list both documents behind what changes their work")

	removed := "patches: [{patch: '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: shop}, spec: {template: " +
		"{spec: {initContainers: [{name: log-tail, $patch: delete}]}}}}'}]\n"
	k.writeDocument(t, "logs", "log-tail")
	out, err := k.build(t, "resources: [../with-logs]\ntransformers: [access.yaml]\n"+removed)
	require.NoError(t, err)
	require.NotContains(t, out, "name: log-tail\n", "what an overlay removes stays away")
}

// What a record doesn't keep, as it has a Secret, and what a workload skips since it was laid
// on, stands there with nobody to answer for it: an exporter must not take its port for the
// app's.
func TestComponentsNobodyAnswersFor(t *testing.T) {
	k := kustomization{t.TempDir()}
	k.write(t, "base/kustomization.yaml", "resources: [shop.yaml]\n")
	k.write(t, "base/shop.yaml", shop)
	k.writeDocument(t, "access", "tls-proxy")
	k.writeDocument(t, "metrics", "exporter")
	k.writeDocument(t, "early", "wait-for")
	k.writeDocument(t, "secret", "tls-proxy")
	k.write(t, "secret/sidecars.yaml", text(t, filepath.Join(k.dir, "secret/sidecars.yaml"))+
		"    - {name: more, custom: {objects: [{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: Yg==}}]}}\n")
	k.write(t, "overlay/metrics.yaml", text(t, filepath.Join(k.dir, "metrics/sidecars.yaml")))
	const skip = `patches: [{target: {kind: StatefulSet}, patch: '[{"op": "add", "path": ` +
		`"/metadata/annotations/outrigger.dev~1skip", "value": "tls-proxy"}]'}]` + "\n"
	for _, lines := range []string{
		"resources: [../base]\ncomponents: [../secret, ../metrics]\n",
		"resources: [../base]\ncomponents: [../early, ../secret, ../metrics]\n",
		"resources: [../base]\ncomponents: [../secret, ../early, ../metrics]\n",
		"resources: [../with-access]\ntransformers: [metrics.yaml]\n" + skip,
	} {
		_, err := k.build(t, lines)
		require.ErrorContains(t, err, "error[documents-apart]", lines)
		require.ErrorContains(t, err, "exporter: connects to the app, whose port", lines)
		require.ErrorContains(t, err, "write the sidecars of both into one document", lines)
		require.NotContains(t, err.Error(), "statefulset_", "kustomize makes up a file name for each object")
	}
	_, err := k.build(t, "resources: [../base]\ncomponents: [../metrics, ../early, ../secret]\n")
	require.NoError(t, err, "the exporter follows")
}

// Where a document fails for a reason of its own, nothing else is blamed: no overlay has changed anything here.
func TestComponentsOwnError(t *testing.T) {
	k := kustomization{t.TempDir()}
	k.write(t, "base/kustomization.yaml", "resources: [shop.yaml]\n")
	k.write(t, "base/shop.yaml", shop)
	k.writeDocument(t, "access")
	k.writeDocument(t, "metrics", "exporter")
	for name, entry := range map[string]string{
		"access":  "tlsProxy: {port: 9200, mode: front, secretName: tls, networkPolicy: {isolated: false}}",
		"metrics": "redisCache: {port: 9200}",
	} {
		k.write(t, name+"/sidecars.yaml", text(t, filepath.Join(k.dir, name, "sidecars.yaml"))+"    - "+entry+"\n")
	}
	_, err := k.build(t, "resources: [../base]\ncomponents: [../access, ../metrics]\n")
	require.ErrorContains(t, err, "error[port-conflict]")
	require.Equal(t, 1, strings.Count(err.Error(), "error["), err)
}

// Two documents that don't go together are refused as in one run, whatever the order. A second proxy that took the
// first for the manifest's own had no Service in front of it, and nobody was asked for credentials.
func TestComponentsAgainstEachOther(t *testing.T) {
	k := kustomization{t.TempDir()}
	k.write(t, "base/kustomization.yaml", "resources: [shop.yaml]\n")
	k.write(t, "base/shop.yaml", shop)
	for _, port := range []string{"", "port: 9200, "} {
		for name, entry := range map[string]string{
			"access": "tlsProxy: {" + port + "mode: front, secretName: tls}",
			"login":  "authProxy: {" + port + "mode: front, listenPort: 9000, secretName: tls, basic: {secretName: users}}",
		} {
			k.writeDocument(t, name)
			k.write(t, name+"/sidecars.yaml", text(t, filepath.Join(k.dir, name, "sidecars.yaml"))+"    - "+entry+"\n")
		}
		for _, components := range []string{"../access, ../login", "../login, ../access"} {
			_, err := k.build(t, "resources: [../base]\ncomponents: ["+components+"]\n")
			require.ErrorContains(t, err, "error[", components)
		}
	}
	k.write(t, "overlay/login.yaml", text(t, filepath.Join(k.dir, "login/sidecars.yaml")))
	k.write(t, "with-access/sidecars.yaml", text(t, filepath.Join(k.dir, "access/sidecars.yaml")))
	_, err := k.build(t, "resources: [../with-access]\ntransformers: [login.yaml]\nimages: "+
		"[{name: docker.io/nginxinc/nginx-unprivileged, newTag: mine}]\n")
	require.ErrorContains(t, err, "is in front of port 9200, but Services lead to container tls-proxy, which another "+
		"document has added", "what the overlay has changed isn't taken off")
}

// A Component for one workload leaves what another one emitted for other workloads.
func TestComponentsForSomeWorkloads(t *testing.T) {
	k := kustomization{t.TempDir()}
	k.write(t, "base/kustomization.yaml", "resources: [shop.yaml, next.yaml]\n")
	k.write(t, "base/shop.yaml", shop)
	k.write(t, "base/next.yaml", strings.ReplaceAll(shop, "shop", "next"))
	k.writeDocument(t, "metrics", "exporter")
	k.writeDocument(t, "access", "tls-proxy")
	k.write(t, "access/sidecars.yaml",
		strings.Replace(text(t, filepath.Join(k.dir, "access/sidecars.yaml")), "name: shop", "kind: StatefulSet", 1))
	for _, components := range []string{"../access, ../metrics", "../metrics, ../access"} {
		out, err := k.build(t, "resources: [../base]\ncomponents: ["+components+"]\n")
		require.NoError(t, err)
		require.Equal(t, 2, strings.Count(out, "kind: ConfigMap"), components)
	}
}

// A document that runs again after kustomize has renamed the workload finds its own work there, under another name. The
// hint says how the build must look, and one that looks so works.
func TestComponentTwice(t *testing.T) {
	k := kustomization{t.TempDir()}
	k.write(t, "base/kustomization.yaml", "resources: [shop.yaml]\n")
	k.write(t, "base/shop.yaml", shop)
	k.writeDocument(t, "access", "tls-proxy")
	k.write(t, "middle/kustomization.yaml", "resources: [../base]\ncomponents: [../access]\nnamePrefix: p-\n")
	_, err := k.build(t, "resources: [../middle]\ncomponents: [../access]\n")
	require.ErrorContains(t, err, "error[conflict]: ")
	require.ErrorContains(t, err, "hint: a Sidecars document of this build, or this one, laid that on before kustomize "+
		"renamed or patched it: list all of them in one kustomization, and the prefixes and patches in one above")
	require.NotContains(t, err.Error(), ".yaml: Deployment", "kustomize writes paths of files that nobody has")
	k.write(t, "middle/kustomization.yaml", "resources: [../base]\ncomponents: [../access, ../access]\n")
	out, err := k.build(t, "resources: [../middle]\nnamePrefix: p-\n")
	require.NoError(t, err)
	require.Contains(t, out, "p-shop-tls-proxy")
}
