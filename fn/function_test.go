package fn

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFunction(t *testing.T) {
	in := list(sidecars, web, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}   # untouched\ndata: {a: 'b'}")
	code, out, err := call(in)
	require.Zero(t, code, err)
	require.Contains(t, out, "  - name: tls-proxy\n")
	require.Contains(t, out, "image: web:1 # pinned")
	require.Contains(
		t,
		out,
		"\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: other}   # untouched\n  data: {a: 'b'}\n",
	)
	require.NotContains(t, out, "outrigger.dev/applied", "nothing is recorded where sources are clean")
	require.NotContains(t, out, "applied.outrigger.dev", "nothing is recorded where sources are clean")
	code, again, _ := call(out)
	require.Zero(t, code)
	require.Equal(t, out, again, "twice is once")
}

// Runners delete items that a function doesn't return, so on an error, it returns all items.
func TestFunctionFails(t *testing.T) {
	for name, c := range map[string]struct{ in, says string }{
		"config with a typo": {
			list(strings.Replace(sidecars, "secretName", "secretname", 1), web),
			"spec.patterns[0].tlsProxy.secretname: there is no such field\n  hint: did you mean secretName\n",
		},
		"nothing selected": {
			list(sidecars, strings.ReplaceAll(web, "name: web\nspec", "name: Web\nspec")),
			"spec.select: selects no workload",
		},
		"no config": {list("", web), "functionConfig: the ResourceList has none"},
		"conflict": {
			list(
				sidecars,
				strings.Replace(web, "image: web:1", "env: [{name: LISTEN, value: s3cret}]\n          image: web:1", 1),
			),
			"env[name=LISTEN]: tls-proxy: the manifest has another value here",
		},
		"wrong kind": {
			list(strings.Replace(sidecars, "kind: Sidecars", "kind: SideCar", 1), web),
			`"SideCar" isn't Sidecars`,
		},
		"pod template broken": {
			list(sidecars, strings.Replace(web, "containerPort: 8080", "containerPort: {}", 1)),
			"can't be a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := call(c.in)
			require.Equal(t, 1, code)
			require.True(t, strings.HasPrefix(out, strings.TrimSuffix(c.in, "\n")), "items come back as they were:\n%s", out)
			require.Contains(t, out, "\nresults:\n- message: ")
			require.Contains(t, out, "  severity: error\n")
			require.Regexp(t, `^error\[[a-z-]+\]: `, err)
			require.Contains(t, err, c.says)
			require.NotContains(t, err, "s3cret")
		})
	}
	for name, in := range map[string]string{
		"empty":     "",
		"blank":     " \n\n",
		"no list":   web,
		"no YAML":   "items: [",
		"binary":    "\x00\x01",
		"not UTF-8": "a: \xff",
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := call(in)
			require.Equal(t, 1, code)
			require.Empty(t, out)
			require.Regexp(t, `^error\[[a-z-]+\]: standard input`, err)
		})
	}
}

// kpt writes files back, so a second render must find the work of the first.
func TestFunctionInPlace(t *testing.T) {
	annotated := strings.Replace(
		web,
		"  name: web\nspec",
		"  name: web\n  annotations:\n    internal.config.kubernetes.io/index: '0'\n"+
			"    internal.config.kubernetes.io/path: apps/web.yaml\n    internal.config.kubernetes.io/package-path: /pkg\nspec",
		1,
	)
	code, out, err := call(list(sidecars, annotated))
	require.Zero(t, code, err)
	require.Contains(t, out, "    outrigger.dev/applied: ")
	require.Contains(t, out, "internal.config.kubernetes.io/path: apps/web-tls-proxy.yaml")
	require.Contains(t, out, "    internal.config.kubernetes.io/package-path: /pkg\n")
	out, results := resultsOf(out)
	require.Contains(t, results, "message: added tls-proxy (1 native sidecar, 1 object, takes over port 8080)\n")
	code, again, _ := call(out)
	again, _ = resultsOf(again)
	require.Zero(t, code)
	require.Equal(t, out, again, "twice is once")

	code, moved, err := call(strings.Replace(out, "port: 8081, env", "port: 8082, env", 1))
	require.Zero(t, code, err)
	moved, _ = resultsOf(moved)
	require.Contains(t, moved, "proxy_pass http://127.0.0.1:8082;")
	require.NotContains(t, moved, "8081;")
	require.Equal(t, strings.Count(out, "kind: ConfigMap"), strings.Count(moved, "kind: ConfigMap"), "updated, not added")

	off := moved[:strings.Index(moved, "    patterns:")] + "    patterns: []\n"
	code, bare, err := call(off)
	require.Zero(t, code, err)
	bare, results = resultsOf(bare)
	require.NotContains(t, bare, "tls-proxy", "nothing is left of it")
	require.Contains(t, results, "name: web-tls-proxy\n", "what goes is told")
	require.Contains(t, results, "code: object-removed\n")
	require.True(t, strings.HasPrefix(bare, list("", annotated)), bare)
}

func TestFunctionJSON(t *testing.T) {
	in := `{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [
 {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
  "spec": {"template": {"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 8080}]}]}}}}],
 "functionConfig": {"apiVersion": "outrigger.dev/v1alpha1", "kind": "Sidecars", "metadata": {"name": "x"},
  "spec": {"select": [{"name": "web"}],
   "patterns": [{"tlsProxy": {"port": 8080, "secretName": "s", "rebind": {"port": 8081, "env": {"A": "b"}}}}]}}}`
	code, out, err := call(in)
	require.Zero(t, code, err)
	require.JSONEq(t, out, out, "JSON stays JSON")
	require.Contains(t, out, `"name": "tls-proxy"`)
}

// Objects that aren't for the cluster are left unchanged: configuration of tools, outrigger's included, and objects
// that are marked as local.
func TestFunctionLeavesAlone(t *testing.T) {
	local := strings.Replace(
		web,
		"  name: web\nspec",
		"  name: web\n  annotations: {config.kubernetes.io/local-config: \"true\"}\nspec",
		1,
	)
	kptfile := "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: web}\n"
	in := list(strings.Replace(sidecars, "kind: Deployment, ", "", 1), local, kptfile, sidecars, web)
	code, out, err := call(in)
	require.Zero(t, code, err)
	require.Equal(t, 1, strings.Count(out, "- name: tls-proxy\n"))
	require.True(t, strings.HasPrefix(out, list("", local, kptfile, sidecars)), out)
}

// An error says what is missing, and where.
func TestNoResourceList(t *testing.T) {
	for text, want := range map[string]string{
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n":                "line 1: the ResourceList has no items",
		"# c\n{apiVersion: config.kubernetes.io/v1, kind: ResourceList}\n":         "line 2: the ResourceList has no items",
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: {a: b}\n": "line 3: items must be a list",
		"---\napiVersion: v1\nkind: ResourceList\nitems: []\n":                     "must be config.kubernetes.io/v1",
		"kind: ConfigMap\n":      "line 1: is no ResourceList",
		"kind: A\nx: \"\xff\"\n": "line 2: isn't valid UTF-8",
		"kind: A\nx: 1\ny: [a, &b \x01]\n---\nkind: B\nz: \"\\q\"\n": "line 3: control characters are not allowed",
		"{kind: A,\n x: \"\\ud800\"}\n":                              "line 2: found invalid Unicode character escape code",
		"{kind: A, x: \"\\ud800\"}\n":                                "line 1: found invalid Unicode character escape code",
		"kind: A\n---\napiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n": "line 2: a " +
			"ResourceList must be the only document",
	} {
		code, out, err := call(text)
		require.Equal(t, 1, code, text)
		require.Contains(t, err, want, text)
		require.Empty(t, out)
	}
}
