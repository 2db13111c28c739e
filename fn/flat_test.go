package fn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// flat returns a functionConfig as kpt makes it from the words of a configMap, or behind "--".
func flat(words ...string) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: function-input\ndata:\n")
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		fmt.Fprintf(&b, "  %s: %q\n", key, value)
	}
	return b.String()
}

// shop is a workload as kpt hands it to a function.
func shop(name string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: %[1]s
  annotations:
    internal.config.kubernetes.io/index: '0'
    internal.config.kubernetes.io/path: %[1]s.yaml
    internal.config.kubernetes.io/package-path: /pkg
    internal.config.kubernetes.io/seqindent: wide
spec:
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      containers:
        - name: %[1]s
          image: %[1]s:1
          ports: [{name: http, containerPort: 8080}]
`, name)
}

// render runs each config over the result of the one before, as the mutators of a Kptfile are
// run, and returns the items.
func render(t *testing.T, items string, configs ...string) string {
	t.Helper()
	for _, c := range configs {
		config := "functionConfig:\n  " + strings.ReplaceAll(strings.TrimSpace(c), "\n", "\n  ") + "\n"
		code, out, err := call(items + config)
		require.Zero(t, code, err)
		items, _, _ = strings.Cut(out, "functionConfig:")
	}
	return items
}

var (
	flatTail = []string{"pattern=logTail", "directory=/var/log", "files=a.log", "kind=Deployment", "name=search"}
	flatWait = []string{"pattern=waitFor", "targets=db:5432", "kind=Deployment", "name=search"}
)

// Two entries of a Kptfile, or two kpt fn eval, never take each other's work off, and each
// can be run again and changed.
func TestFlatTwoEntries(t *testing.T) {
	items := list("", shop("search"), shop("other"))
	both := render(t, items, flat(flatTail...), flat(flatWait...))
	require.Contains(t, both, "- name: log-tail\n")
	require.Contains(t, both, "- name: wait-for\n")
	require.Contains(t, both, `"log-tail:kind=Deployment,name=search":`)
	require.Contains(t, both, `"wait-for:kind=Deployment,name=search":`)
	require.NotContains(t, both, "function-input")
	require.Equal(t, both, render(t, both, flat(flatTail...), flat(flatWait...)), "twice is once")
	require.Equal(t, both, render(t, items, flat(flatWait...), flat(flatTail...)), "in any order")

	changed := append([]string{}, flatWait...)
	changed[1] = "targets=db:5433"
	require.Equal(t, render(t, items, flat(flatTail...), flat(changed...)), render(t, both, flat(changed...)),
		"a changed setting changes its own work")
}

// One pattern for two workloads, by two entries.
func TestFlatTwoWorkloads(t *testing.T) {
	items := list("", shop("search"), shop("other"))
	first, second := flat(flatWait...), flat("pattern=waitFor", "targets=mq:5672", "kind=Deployment", "name=other")
	both := render(t, items, first, second)
	require.Equal(t, 2, strings.Count(both, "- name: wait-for\n"))
	require.Equal(t, both, render(t, both, second, first))
}

// Two sidecars of one pattern on one workload have names.
func TestFlatTwoOfOnePattern(t *testing.T) {
	items := list("", shop("search"))
	second := append([]string{"sidecar=wait-for-mq"}, flatWait...)
	both := render(t, items, flat(flatWait...), flat(second...))
	require.Contains(t, both, "- name: wait-for\n")
	require.Contains(t, both, "- name: wait-for-mq\n")
	require.Equal(t, both, render(t, both, flat(flatWait...), flat(second...)))
}

// With an id, a config is a document of that name: another selection or pattern takes off what it did before.
func TestFlatID(t *testing.T) {
	items := list("", shop("search"), shop("other"))
	words := func(more ...string) string { return flat(append([]string{"id=wait"}, more...)...) }
	one := render(t, items, words(flatWait...))
	require.Contains(t, one, `"documents":{"wait":`)
	moved := render(t, one, words("pattern=waitFor", "targets=db:5432", "name=other"))
	require.Equal(t, render(t, items, words("pattern=waitFor", "targets=db:5432", "name=other")), moved)
	require.Equal(t, items, render(t, moved, words("name=other")), "without a pattern, its work is removed")
}

// Another selection is another config: where both serve a workload, that's an error that says what to do.
func TestFlatChangedSelection(t *testing.T) {
	one := render(t, list("", shop("search"), shop("other")), flat(flatWait...))
	code, out, err := call(one + "functionConfig:\n  " + strings.ReplaceAll(flat("pattern=waitFor", "targets=db:5432",
		"kind=Deployment"), "\n", "\n  ") + "\n")
	require.Equal(t, 1, code)
	require.True(t, strings.HasPrefix(out, one))
	require.Contains(t, err, "document wait-for:kind=Deployment,name=search has added a sidecar with this name\n  hint: "+
		"give the sidecar another name with sidecar=NAME; or, if that's this one before its selection or id was changed, "+
		"remove its work with outrigger strip first\n")
}

// Errors and hints are in the spelling of the config, those about the workload, too.
func TestFlatErrors(t *testing.T) {
	for name, c := range map[string]struct {
		words []string
		want  string
	}{
		"about the config": {
			[]string{"pattern=tlsProxy", "port=8080", "name=search"},
			"data.secretName: the certificate is missing\n  hint: name the Secret with tls.crt and tls.key, or request one " +
				"from cert-manager with certificate.issuerRef.name=...\n",
		},
		"about the workload": {
			[]string{"pattern=exporter", "preset=redis", "kind=Deployment", "name=search"},
			"container beside does: write app=beside if that is the one\n",
		},
		"nothing selected": {
			[]string{"pattern=waitFor", "targets=db:5432", "name=Search"},
			"error[nothing-selected]: ConfigMap wait-for:name=Search data: selects no workload\n",
		},
		"a number of workloads": {
			append([]string{"expect.min=3"}, flatWait...),
			"error[expect]: ConfigMap wait-for:kind=Deployment,name=search data.expect.min: 1 workloads are " +
				"selected, at least 3 are expected\n",
		},
		"no pattern": {
			[]string{"name=search"},
			"data: no pattern is given\n  hint: add one, as in pattern=tlsProxy; or write id=NAME to remove the work of a " +
				"document of this name\n",
		},
		"a name that isn't valid": {
			append([]string{"sidecar=A_B"}, flatWait...),
			"data.sidecar: \"A_B\" isn't a valid container name\n",
		},
		"an empty id": {append([]string{"id="}, flatWait...), "data.id: is empty\n"},
	} {
		t.Run(name, func(t *testing.T) {
			beside := "        - {name: beside, image: redis:8, ports: [{containerPort: 6379}]}\n"
			code, _, err := call(list(flat(c.words...), shop("search")+beside, shop("other")))
			require.Equal(t, 1, code)
			require.Contains(t, err, c.want)
			require.NotContains(t, err, "spec.", err)
			require.NotRegexp(t, `[a-z]+: [{]`, err)
		})
	}
}

// Two entries that are one document would replace each other's work in silence, so they're an error.
func TestFlatTwins(t *testing.T) {
	kptfile := func(second string) string {
		return "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: p\n  annotations:\n" +
			"    internal.config.kubernetes.io/path: Kptfile\n    internal.config.kubernetes.io/package-path: /pkg\n" +
			"pipeline:\n  mutators:\n  - image: set-labels\n    configMap: {app: x}\n  - exec: outrigger\n" +
			"    configMap: {pattern: waitFor, targets: \"db:5432\", kind: Deployment, " +
			"name: search}\n" +
			"  - exec: outrigger\n    configMap: {" + second + "}\n"
	}
	const other = `pattern: waitFor, targets: "mq:5672", kind: Deployment, name: search`
	code, _, err := call(list(flat(flatWait...), kptfile(other), shop("search")))
	require.Equal(t, 1, code)
	require.Contains(t, err, "two entries are wait-for:kind=Deployment,name=search, so each would replace the work of "+
		"the other\n  hint: give one of them a sidecar of another name, with sidecar=NAME\n")
	code, _, err = call(list(flat(flatWait...), kptfile(other+", sidecar: mq"), shop("search")))
	require.Zero(t, code, err)
}
