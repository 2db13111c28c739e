//go:build cluster

package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// A rendering is an example in a folder of its own, and what makes manifests with sidecars of it.
type rendering struct {
	t      *testing.T
	folder string // with base, sidecars, and what the way needs
}

// ways are how manifests get their sidecars before they're applied.
var ways = []struct {
	name   string
	render func(r *rendering) string
}{
	{"kustomize", (*rendering).byKustomize},
	{"kpt", (*rendering).byKpt},
	{"run", (*rendering).byRun},
	{"ejected", (*rendering).byEjected},
}

// document is what the example asks for, with metrics beside it, and images that the cluster has.
const document = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata:
  name: search
  annotations:
    config.kubernetes.io/function: |
      exec: {path: outrigger}
spec:
  select: [{kind: Deployment, name: elasticsearch}]
  patterns:
    - tlsProxy:
        port: 9200
        secretName: elasticsearch-tls
        rebind: {port: 9201, env: {network.host: 127.0.0.1, http.port: "9201"}}
      override: {image: ` + nginxImage + `}
    - exporter: {preset: elasticsearch}
`

// TestWays has the article's Elasticsearch get its proxy and its exporter in each way that outrigger is used. A policy
// refuses the manifests without them. The pods become Ready, HTTPS through the Service is verified, plain HTTP is
// refused, and a changed configuration rolls the pods.
func TestWays(t *testing.T) {
	images(t)
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			n := newNamespaceAt(t, "baseline") // the example says nothing of users
			host, ca := n.host("elasticsearch"), n.certify("elasticsearch")
			r := newRendering(t, n.name)
			plain := r.build("plain")
			n.demandSidecars(r.file("sidecars/sidecars.yaml"), plain)

			n.deploy(way.render(r))
			n.rolledOut("elasticsearch")
			secured := func() {
				n.answers("HTTPS through the Service, verified", "200", ca.trusted("https://"+host+":9200/")...)
				n.answers("plain HTTP", "400", "http://"+host+":9200/")
			}
			measured := func() {
				n.scraped("http://"+host+":9114/metrics", "elasticsearch_cluster_health_number_of_nodes")
			}
			secured()
			measured()
			pod := n.pod("elasticsearch")
			require.ErrorContains(t, n.tryApply(plain), "comes without its sidecars: tls-proxy") // but its Service is taken
			secured()
			require.Equal(t, pod, n.pod("elasticsearch"))

			logged := strings.Replace(document, "tlsProxy:\n", "tlsProxy:\n        accessLog: json\n", 1)
			r.write("sidecars/sidecars.yaml", logged)
			n.deploy(way.render(r))
			n.rolledOut("elasticsearch")
			becomes(t, "the old pod to go", "NotFound", func() string {
				_, err := kubectl("-n", n.name, "get", "pod", pod)
				if err == nil || !strings.Contains(err.Error(), "NotFound") {
					return "there"
				}
				return "NotFound"
			})
			secured()
			measured()
			n.tells("elasticsearch", "tls-proxy", `"status":"200"`)
			n.calm()
		})
	}
}

func newRendering(t *testing.T, namespace string) *rendering {
	t.Helper()
	r := &rendering{t, t.TempDir()}
	example := filepath.Join("..", "..", "examples", "elasticsearch-tls")
	for _, folder := range []string{"base", "sidecars"} {
		require.NoError(t, os.CopyFS(r.file(folder), os.DirFS(filepath.Join(example, folder))))
	}
	base := string(contents(t, r.file("base/elasticsearch.yaml")))
	r.write("base/elasticsearch.yaml", strings.ReplaceAll(base, "app.kubernetes.io/name:", "app:"))
	r.write("sidecars/sidecars.yaml", document)
	for overlay, components := range map[string]string{
		"plain": "", "overlay": "components: [../sidecars]\n", "flux": "components: [../ejected]\n",
	} {
		r.write(overlay+"/kustomization.yaml", "resources: [../base]\nnamespace: "+namespace+"\n"+components)
	}
	return r
}

func (r *rendering) file(name string) string { return filepath.Join(r.folder, name) }

func (r *rendering) write(name, text string) {
	require.NoError(r.t, os.MkdirAll(filepath.Dir(r.file(name)), 0o755))
	require.NoError(r.t, os.WriteFile(r.file(name), []byte(text), 0o600))
}

// call runs a program in the folder, with outrigger in PATH.
func (r *rendering) call(program string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = r.folder
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(r.t, err, errs.String())
	return string(out)
}

func (r *rendering) build(folder string, flags ...string) string {
	return r.call(filepath.Join(bin, "kustomize"), append([]string{"build", folder}, flags...)...)
}

func (r *rendering) byKustomize() string {
	return r.build("overlay", "--enable-alpha-plugins", "--enable-exec")
}

func (r *rendering) byKpt() string {
	kpts, err := made.FindKpts()
	require.NoError(r.t, err)
	require.NoError(r.t, os.RemoveAll(r.file("package")))
	r.write("package/Kptfile", `apiVersion: kpt.dev/v1
kind: Kptfile
metadata: {name: search}
pipeline:
  mutators: [{exec: outrigger, configPath: sidecars.yaml}]
`)
	r.write("package/elasticsearch.yaml", string(contents(r.t, r.file("base/elasticsearch.yaml"))))
	r.write("package/sidecars.yaml", string(contents(r.t, r.file("sidecars/sidecars.yaml"))))
	all := strings.Split(r.call(kpts[0].Program, "fn", "render", "--allow-exec", "-o", "unwrap", "package"), "---\n")
	return strings.Join(slices.DeleteFunc(all, func(object string) bool { // as kpt live does
		return strings.Contains(object, "\nkind: Kptfile\n") || strings.Contains(object, "\nkind: Sidecars\n")
	}), "---\n")
}

func (r *rendering) byRun() string {
	return r.call(filepath.Join(bin, "outrigger"), "run", "-c", "sidecars/sidecars.yaml", "--",
		filepath.Join(bin, "kustomize"), "build", "plain")
}

// byEjected builds with kubectl, as Flux builds: without any flag.
func (r *rendering) byEjected() string {
	r.write("plain.yaml", r.build("base"))
	r.call(filepath.Join(bin, "outrigger"), "eject", "-c", "sidecars/sidecars.yaml", "-o", "ejected", "plain.yaml")
	return r.call(filepath.Join(tools, "kc"), "kustomize", r.file("flux"))
}

// demandSidecars applies the policies for manifests, and waits until the cluster refuses those without sidecars.
func (n *namespace) demandSidecars(document, manifests string) {
	n.t.Helper()
	policies, err := run(manifests, filepath.Join(bin, "outrigger"), "policy", "-q", "-c", document,
		"--namespace", n.name, "--name", n.name)
	require.NoError(n.t, err)
	n.t.Cleanup(n.removePolicies)
	_, err = run(policies, filepath.Join(tools, "kc"), "apply", "-f", "-")
	require.NoError(n.t, err)
	becomes(n.t, "the policies to act", "yes", func() string {
		err := n.tryApply(manifests, "--dry-run=server")
		return yes(err != nil && strings.Contains(err.Error(), "comes without its sidecars: tls-proxy, exporter"))
	})
}

// deploy applies manifests, from the client, as people mostly do. What outrigger emits comes first: kubectl takes the
// objects of a stream in their order, and a pod that starts before its changed ConfigMap is there has the old one.
func (n *namespace) deploy(manifests string) {
	n.t.Helper()
	require.NoError(n.t, n.tryApply(manifests, "-l", "app.kubernetes.io/managed-by=outrigger"))
	require.NoError(n.t, n.tryApply(manifests))
}

// tryApply applies manifests that the cluster may refuse.
func (n *namespace) tryApply(manifests string, flags ...string) error {
	args := append([]string{"-n", n.name, "apply", "-f", "-"}, flags...)
	_, err := run(manifests, filepath.Join(tools, "kc"), args...)
	return err
}
