package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const shop = `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: shop # sells
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
        - name: shop
          image: elasticsearch:9.0.0
          ports:
            - name: http
              containerPort: 9200
          volumeMounts:
            - {name: logs, mountPath: /logs}
      volumes:
        - name: logs
          emptyDir: {}
---
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop}
  ports:
    - port: 9200
      targetPort: http
`

// patterns are what documents are combined of, by the name of their sidecar.
var patterns = map[string]string{
	"tls-proxy": "tlsProxy: {port: 9200, secretName: shop-tls, rebind: {preset: elasticsearch}}",
	"auth-proxy": "authProxy: {port: 9200, secretName: shop-tls, basic: {secretName: users}, " +
		"rebind: {preset: elasticsearch}}",
	"exporter": "exporter: {preset: elasticsearch}",
	"log-tail": "logTail: {directory: /logs, files: [a.log]}",
	"vault": "vault: {address: 'https://vault:8200', role: shop, " +
		"files: [{path: a, secret: secret/data/shop, field: a}]}",
	"sysctl":     "sysctl: {sysctls: [{name: vm.max_map_count, value: '262144'}]}",
	"wait-for":   "waitFor: {targets: ['db:5432']}",
	"otel-agent": "otelAgent: {endpoint: 'https://otel:4317'}",
}

func documentOf(t *testing.T, name string, sidecars ...string) string {
	t.Helper()
	text := "apiVersion: outrigger.dev/v1alpha1\nkind: Sidecars\nmetadata: {name: " + name +
		"}\nspec:\n  select: [{name: shop}]\n  patterns:\n"
	for _, s := range sidecars {
		text += "    - " + patterns[s] + "\n"
	}
	return file(t, name+".yaml", text)
}

var recordLine = regexp.MustCompile(`(?m)^    outrigger.dev/(applied|by|content):.*\n`)

// Two documents on a workload give what one document with all their patterns gives: in one
// run, and in files one after the other, in both orders, run again and taken off.
func TestDocumentsAddUp(t *testing.T) {
	for _, proxy := range []string{"tls-proxy", "auth-proxy"} {
		for _, other := range []string{"exporter", "log-tail", "vault", "sysctl", "wait-for", "otel-agent"} {
			t.Run(proxy+" and "+other, func(t *testing.T) {
				one := documentOf(t, "all", other, proxy)
				access, more := documentOf(t, "access", proxy), documentOf(t, "metrics", other)
				code, want, err := call(shop, "inject", "-c", one)
				require.Zero(t, code, err)
				for _, order := range [][]string{{access, more}, {more, access}} {
					code, out, err := call(shop, "inject", "-c", order[0], "-c", order[1])
					require.Zero(t, code, err)
					require.Equal(t, want, out, "in one run")

					_, first, _ := call(shop, "inject", "-c", recorded(t, order[0]))
					code, piped, err := call(first, "inject", "-c", recorded(t, order[1]))
					require.Zero(t, code, err)
					_, fresh, _ := call(shop, "inject", "-c", recorded(t, one))
					require.Equal(t, recordLine.ReplaceAllString(fresh, ""), recordLine.ReplaceAllString(piped, ""), "in a pipe")

					path := file(t, "shop.yaml", shop)
					for _, document := range []string{order[0], order[1], order[0], order[1], order[0]} {
						code, _, err := call("", "inject", "-c", document, "-w", path)
						require.Zero(t, code, err)
					}
					require.Equal(t, recordLine.ReplaceAllString(inOnePlace(t, one), ""),
						recordLine.ReplaceAllString(text(t, path), ""), "one after the other")
					code, _, err = call("", "strip", "-c", order[1], "-w", path)
					require.Zero(t, code, err)
					require.Equal(t, inOnePlace(t, order[0]), text(t, path), "one is taken off")
					code, _, err = call("", "strip", "-w", path)
					require.Zero(t, code, err)
					require.Equal(t, shop, text(t, path))
				}
			})
		}
	}
}

// recorded returns a document whose objects keep a record in a pipe, too.
func recorded(t *testing.T, document string) string {
	t.Helper()
	return file(t, "always.yaml", strings.Replace(text(t, document), "\nspec:", "\nspec:\n  record: always", 1))
}

func inOnePlace(t *testing.T, document string) string {
	t.Helper()
	path := file(t, "shop.yaml", shop)
	code, _, err := call("", "inject", "-c", document, "-w", path)
	require.Zero(t, code, err)
	return text(t, path)
}

// -c names files of one or more documents, folders, and standard input.
func TestDocumentsOfEveryForm(t *testing.T) {
	access, metrics := documentOf(t, "access", "tls-proxy"), documentOf(t, "metrics", "exporter")
	both := file(t, "both.yaml", text(t, access)+"---\n"+text(t, metrics))
	folder := t.TempDir()
	for name, content := range map[string]string{"a.yaml": text(t, metrics), "b.yaml": text(t, access), "web.yaml": shop} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	manifests := file(t, "shop.yaml", shop)
	_, want, _ := call("", "inject", "-c", access, "-c", metrics, manifests)
	require.Contains(t, want, "tls-proxy,exporter")
	for name, c := range map[string]struct {
		in   string
		args []string
	}{
		"a file of two":  {"", []string{"-c", both}},
		"a folder":       {"", []string{"-c", folder}},
		"standard input": {text(t, metrics), []string{"-c", "-", "-c", access}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := call(c.in, append(append([]string{"inject"}, c.args...), manifests)...)
			require.Zero(t, code, err)
			require.Equal(t, want, out)
		})
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"standard input for both": {[]string{"-c", "-"}, exitMisuse, "-c - takes standard input, which is read once"},
		"a folder without one":    {[]string{"-c", t.TempDir()}, exitFailed, "no .yaml, .yml or .json files with"},
		"one twice":               {[]string{"-c", access, "-c", access}, exitFailed, "two documents are named access"},
		"one without a name": {[]string{"-c", access, "-c", file(t, "nameless.yaml",
			strings.Replace(text(t, metrics), "metadata: {name: metrics}\n", "", 1))}, exitFailed, "give each document a name"},
		"one name for two sidecars": {[]string{"-c", access, "-c", file(t, "other.yaml",
			strings.NewReplacer("name: access", "name: other", "shop-tls", "other-tls").Replace(text(t, access)))}, exitFailed,
			"tls-proxy: two documents lay on different sidecars of this name"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := call(shop, append([]string{"inject"}, c.args...)...)
			require.Equal(t, c.code, code)
			require.Empty(t, out)
			require.Contains(t, err, c.says)
		})
	}
}

// A document that may hold a password isn't recorded, so that another one can't lay its
// work on again: both are to be given.
func TestDocumentsWithPasswords(t *testing.T) {
	metrics := documentOf(t, "metrics", "exporter")
	cache := strings.Replace(text(t, metrics), "metadata: {name: metrics}", "metadata: {name: cache}", 1)
	secret := file(t, "secret.yaml", cache+
		"      override: {env: [{name: API_TOKEN, value: geheim}]}\n      name: cache\n")
	path := file(t, "shop.yaml", shop)
	code, _, err := call("", "inject", "-c", secret, "-w", path)
	require.Zero(t, code, err)
	require.Equal(t, 1, strings.Count(text(t, path), "geheim"), "where the container has it, and not in the record")
	laid := text(t, path)
	code, _, err = call("", "inject", "-c", metrics, "-w", path)
	require.Equal(t, 1, code)
	require.Contains(t, err, "may hold a password\n  hint: give all documents of the workload in one run")
	require.Equal(t, laid, text(t, path))
}

// Two proxies in front of an app, of documents that know nothing of each other: no Service would lead to the second,
// and nobody would be asked for credentials.
const front, login = "tlsProxy: {port: 9200, mode: front, secretName: tls}", "authProxy: {port: 9200, mode: front, " +
	"listenPort: 9000, secretName: tls, basic: {secretName: users}}"

func TestProxiesInAPipe(t *testing.T) {
	access, more := documentOf(t, "access", "tls-proxy"), documentOf(t, "more", "tls-proxy")
	access = file(t, "access.yaml", strings.Replace(text(t, access), patterns["tls-proxy"], front, 1))
	for _, mode := range []string{"front, listenPort: 9000", "redirect, listenPort: 9000"} {
		more := file(t, "more.yaml", strings.Replace(text(t, more), patterns["tls-proxy"],
			strings.Replace(login, "front, listenPort: 9000", mode, 1), 1))
		_, first, _ := call(shop, "inject", "-c", access)
		code, _, err := call(first, "inject", "-c", more)
		require.Equal(t, exitFailed, code, err)
		require.Contains(t, err, "error[documents-apart]")
		require.Contains(t, err, "auth-proxy: is in front of port 9200, but Services lead to container tls-proxy, which "+
			"another document has added\n  hint: give both documents in one run")
	}
}

// In a pipe nobody knows what another document asks for. What depends on it is an error, and
// the rest is added.
func TestDocumentsInAPipe(t *testing.T) {
	access, metrics := documentOf(t, "access", "tls-proxy"), documentOf(t, "metrics", "exporter")
	for name, order := range map[string][2]string{
		"connects to the app, whose port a sidecar of another document has taken over":   {access, metrics},
		"takes over port 9200, to which container exporter of another document connects": {metrics, access},
	} {
		_, first, _ := call(shop, "inject", "-c", order[0])
		code, out, err := call(first, "inject", "-c", order[1])
		require.Equal(t, exitFailed, code)
		require.Empty(t, out)
		require.Contains(t, err, "error[documents-apart]")
		require.Contains(t, err, name)
		require.Contains(t, err, "give both documents in one run")
		require.NotContains(t, err, "write app: tls-proxy", "which would scrape the proxy")

		code, _, err = call("", "inject", "-c", order[1], "-w", file(t, "shop.yaml", first))
		require.Equal(t, exitFailed, code, "a file without a record")
		require.Contains(t, err, name)
	}
	custom := file(t, "custom.yaml", strings.Replace(text(t, access), patterns["tls-proxy"], "name: edge\n      custom: "+
		"{containers: [{name: nginx, image: 'nginx:1', ports: [{containerPort: 9200}]}], "+
		"takeovers: [{port: 9200, appPort: 9201}]}", 1))
	_, first, _ := call(shop, "inject", "-c", custom)
	code, _, err := call(first, "inject", "-c", metrics)
	require.Equal(t, exitFailed, code, "a container of another name than its sidecar's")
	require.Contains(t, err, "error[documents-apart]")
	for _, other := range []string{"log-tail", "vault", "sysctl", "wait-for", "otel-agent"} {
		for _, order := range [][2]string{{"tls-proxy", other}, {other, "tls-proxy"}} {
			_, first, _ := call(shop, "inject", "-c", documentOf(t, "one", order[0]))
			code, out, err := call(first, "inject", "-c", documentOf(t, "two", order[1]))
			require.Zero(t, code, err)
			require.Contains(t, out, "outrigger.dev/patterns: "+order[0]+","+order[1])
		}
	}
}

// Whoever sets a new image of the app with a program sets it in a container that runs the
// app's image, too. That's no change by hand: the next run and strip go on from there.
func TestNewImageOfApp(t *testing.T) {
	conf := file(t, "sidecars.yaml", strings.Replace(sidecars, sidecars[strings.Index(sidecars, "  patterns:"):],
		"  patterns: [{migrate: {command: [bin/migrate]}}]\n", 1))
	path := file(t, "web.yaml", web)
	code, _, err := call("", "inject", "-c", conf, "-w", path)
	require.Zero(t, code, err)
	newer := strings.ReplaceAll(web, "image: web:1", "image: web:2")
	require.NotEqual(t, web, newer)
	want := file(t, "web.yaml", newer)
	_, _, _ = call("", "inject", "-c", conf, "-w", want)

	changed := strings.ReplaceAll(text(t, path), "image: web:1", "image: web:2")
	require.Equal(t, 2, strings.Count(changed, "image: web:2"), "the app and what runs its image")
	for name, args := range map[string][]string{text(t, want): {"inject", "-c", conf, "-w"}, newer: {"strip", "-w"}} {
		again := file(t, "web.yaml", changed)
		code, _, err := call("", append(args, again)...)
		require.Zero(t, code, err)
		require.Equal(t, name, text(t, again))
	}
	other := file(t, "web.yaml", strings.Replace(changed, "image: web:2", "image: other:2", 1))
	code, _, err = call("", "strip", "-w", other)
	require.Equal(t, exitFailed, code, "an image of no other container")
	require.Contains(t, err, "error[changed-by-hand]")
}
