//go:build cluster

package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// A release is a copy of examples/helm in a folder, and a Helm that has nothing but outrigger's plugin.
type release struct {
	*namespace
	helm, dir string
}

// eachHelm runs a test with Helm 3 and Helm 4, each in a namespace and a folder of its own.
func eachHelm(t *testing.T, test func(t *testing.T, r release)) {
	t.Helper()
	_, err := made.Make("bin/helm3", "bin/helm4")
	require.NoError(t, err)
	for _, helm := range []string{"helm3", "helm4"} {
		t.Run(helm, func(t *testing.T) {
			r := release{newNamespaceAt(t, "baseline"), helm, t.TempDir()}
			require.NoError(t, os.CopyFS(r.dir, os.DirFS(filepath.Join("..", "..", "examples", "helm"))))
			r.prepare()
			test(t, r)
		})
	}
}

// prepare writes what Helm needs of the cluster, the documents, and the plugin of Helm 4.
func (r release) prepare() {
	r.t.Helper()
	config, err := kubectl("config", "view", "--raw", "--flatten")
	require.NoError(r.t, err)
	r.write("kubeconfig", config)
	text := string(contents(r.t, r.file("sidecars.yaml")))
	right := strings.Replace(text, "    - tlsProxy:", "    - override: {image: "+nginxImage+
		", imagePullPolicy: IfNotPresent, resources: {requests: {cpu: 5m}}}\n      tlsProxy:", 1)
	require.NotEqual(r.t, text, right)
	r.write("right.yaml", right)
	r.write("wrong.yaml", strings.Replace(text, "name=search", "name=nothing", 1))
	if r.helm == "helm4" {
		_, err := run("", filepath.Join(bin, "outrigger"), "install", r.file("outrigger"))
		require.NoError(r.t, err)
		r.enter("plugin", "install", r.file("outrigger"))
	}
}

func (r release) file(name string) string { return filepath.Join(r.dir, name) }

func (r release) write(name, text string) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(r.file(name), []byte(text), 0o600))
}

// run runs Helm on the node. What it says is in the error.
func (r release) run(args ...string) (string, error) {
	env := []string{"KUBECONFIG=" + r.file("kubeconfig"), "HELM_DATA_HOME=" + r.file("data"),
		"HELM_CACHE_HOME=" + r.file("cache"), "HELM_CONFIG_HOME=" + r.file("config")}
	args = append([]string{filepath.Join(bin, r.helm), "--namespace", r.name}, args...)
	return onNode("env", append(env, args...)...)
}

// enter runs Helm, which must succeed.
func (r release) enter(args ...string) string {
	r.t.Helper()
	out, err := r.run(args...)
	require.NoError(r.t, err)
	return out
}

// through are the arguments of a command over the chart that goes through outrigger, with a document.
func (r release) through(document string, command ...string) []string {
	args := append(command, "shop", r.file("search"), "--post-renderer")
	if r.helm == "helm3" {
		return append(args, filepath.Join(bin, "outrigger"), "--post-renderer-args", "inject",
			"--post-renderer-args", "--config="+r.file(document))
	}
	return append(args, "outrigger", "--post-renderer-args", "--config="+r.file(document))
}

// sidecar is the name of the Deployment's sidecar, and how often the Deployment has changed.
func (r release) sidecar() string {
	return r.field("deployment/shop-search", ".spec.template.spec.initContainers[*].name}/{.metadata.generation")
}

// refuses checks that a command over a document that selects nothing fails, and shows why.
func (r release) refuses(command ...string) {
	r.t.Helper()
	out, err := r.run(r.through("wrong.yaml", command...)...)
	require.ErrorContains(r.t, err, "exit status 1")
	require.ErrorContains(r.t, err, "error[nothing-selected]: ")
	require.ErrorContains(r.t, err, "spec.select: selects no workload\n")
	require.ErrorContains(r.t, err, "hint: there is Deployment shop-search: its pods have app.kubernetes.io/name=search")
	require.NotContains(r.t, out, "kind: ")
}

// TestHelmRefuses has errors of outrigger in front of a cluster: no command of Helm goes on, and each shows them. It
// also has what docs/runners.md says of an upgrade without the post-renderer. No pod starts.
func TestHelmRefuses(t *testing.T) {
	eachHelm(t, func(t *testing.T, r release) {
		for _, command := range []string{"install", "template"} {
			r.refuses(command, "--no-hooks")
			r.refuses(command, "--dry-run=server")
		}
		r.refuses("upgrade", "--install", "--no-hooks")
		require.Empty(t, r.enter("list", "--short"))
		require.Empty(t, r.kc("get", "deployments,services", "-o", "name"))

		r.enter(r.through("right.yaml", "install", "--no-hooks")...)
		require.Equal(t, "tls-proxy/1", r.sidecar())
		r.refuses("upgrade", "--no-hooks")
		undo := map[string]string{"helm3": "--atomic", "helm4": "--rollback-on-failure"}[r.helm]
		r.refuses("upgrade", "--no-hooks", undo, "--timeout=5s")
		r.refuses("upgrade", "--dry-run=server")
		require.Equal(t, "tls-proxy/1", r.sidecar())
		require.Len(t, strings.Split(strings.TrimSpace(r.enter("history", "shop")), "\n"), 2) // with a title

		r.enter("upgrade", "--no-hooks", "shop", r.file("search"))
		require.Equal(t, "/2", r.sidecar(), "Helm remembers no post-renderer")
		r.enter("rollback", "--no-hooks", "shop", "1")
		require.Equal(t, "tls-proxy/3", r.sidecar())
		require.Contains(t, r.kc("get", "configmaps", "-o", "name"), "configmap/shop-search-tls-proxy")
	})
}

// TestHelmHookMounts has a hook that runs before the chart is installed, and whose sidecar mounts what outrigger adds:
// with Helm 4 that's a hook, too, which comes first. Helm 3 keeps hooks away: the document selects nothing.
func TestHelmHookMounts(t *testing.T) {
	eachHelm(t, func(t *testing.T, r release) {
		r.write("search/templates/ready.yaml", `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-ready
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: ready, image: {{ .Values.toolsImage }}, command: ['true']}
`)
		r.write("hook.yaml", sidecars("Job", "shop-ready", `    - name: settings
      custom:
        initContainers:
          - name: settings
            image: curlimages/curl:8.21.0
            command: [cat, /settings/a]
            volumeMounts: [{name: settings, mountPath: /settings}]
        volumes: [{name: settings, configMap: {name: settings}}]
        objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: b}}]
`))
		for _, command := range []string{"install", "upgrade"} {
			_, err := r.run(r.through("hook.yaml", command, "--timeout=120s")...)
			if r.helm == "helm3" {
				require.ErrorContains(t, err, "selects no workload")
				return
			}
			require.NoError(t, err)
			require.Equal(t, "1", r.field("job/shop-ready", ".status.succeeded"))
			require.Equal(t, "-1", r.field("configmap/settings", `.metadata.annotations.helm\.sh/hook-weight`))
		}
	})
}

// TestHelm has the chart's pods: its hook and its test go through the proxy, an upgrade of the document rolls them, and
// uninstalling takes all.
func TestHelm(t *testing.T) {
	images(t)
	eachHelm(t, func(t *testing.T, r release) {
		a := newAuthority(t)
		a.issue("server", "shop-search")
		r.apply(a.secret("elasticsearch-tls", "server"))
		notes := r.enter(r.through("right.yaml", "install", "--wait", "--timeout=120s")...)
		require.Contains(t, notes, "Elasticsearch is at https://shop-search:9200.")
		require.Equal(t, "1", r.field("job/shop-ready", ".status.succeeded"))
		require.Contains(t, r.enter("test", "shop", "--timeout=60s"), "Succeeded")
		r.rolledOut("shop-search")
		r.calm()

		text := string(contents(t, r.file("right.yaml")))
		r.write("changed.yaml", strings.Replace(text, "cpu: 5m", "cpu: 6m", 1))
		r.enter(r.through("changed.yaml", "upgrade", "--wait", "--timeout=120s")...)
		require.Equal(t, "tls-proxy/2", r.sidecar())
		const requested = ".spec.template.spec.initContainers[0].resources.requests.cpu"
		require.Equal(t, "6m", r.field("deployment/shop-search", requested))
		require.Contains(t, r.enter("test", "shop", "--timeout=60s"), "Succeeded")
		r.enter("uninstall", "shop", "--wait", "--timeout=60s")
		require.NotContains(t, r.kc("get", "configmaps,deployments,services", "-o", "name"), "shop-search")
	})
}
