package rigtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// asTheArticle asks for what the article writes by hand, in its own names where
// they can be chosen.
var asTheArticle = newDocument("search", "{kind: Deployment, name: elasticsearch}", `  patterns:
    - name: nginx-proxy
      placement: beside
      override: {image: "nginx:1.19.5"}
      tlsProxy:
        port: 9200
        secretName: elasticsearch-tls
        rebind: {port: 9201, env: {network.host: 127.0.0.1, http.port: "9201"}}
`)

const (
	articleApp   = "spec.template.spec.containers[elasticsearch]."
	articleProxy = "spec.template.spec.containers[nginx-proxy]."
)

// intended are the differences between the article's Deployment and ours, each
// with its reason. What isn't here must be the same.
var intended = map[string]string{
	"metadata.annotations":               "the mark that people and policies look for",
	"spec.template.metadata.annotations": "the mark; kubectl's default container; a checksum: new configs roll the pods",
	articleApp + "lifecycle":             "requests are lost unless the app runs as long as Services send any",
	articleProxy + "lifecycle":           "beside the app, both must wait",
	articleProxy + "command":             "the image's entrypoint writes to the root file system, which is read-only here",
	articleProxy + "livenessProbe":       "a proxy that hangs is restarted",
	articleProxy + "startupProbe":        "and gets time to start",
	articleProxy + "resources":           "without requests, autoscalers fail and quotas refuse the pod",
	articleProxy + "securityContext":     "Pod Security restricted",
	articleProxy + "ports":               "the port keeps the app's name and number, so that both refer to the proxy",
	articleProxy + "volumeMounts": "a whole nginx.conf rather than a file for conf.d, a writable /tmp, " +
		"and names that no other sidecar has",
	"spec.template.spec.volumes": "the same volumes under the sidecar's name, only the two files of the Secret, and /tmp",
}

// requireIntended compares objects that a config renders with those of a manifest of the article, field by field. The
// differences must be the intended ones, each of which has a reason.
func requireIntended(t *testing.T, config, article string, objects int, intended map[string]string) (
	ours, theirs []map[string]any,
) {
	t.Helper()
	plain := readFile(t, "testdata/article", "0-plain.yaml")
	c := Case{Config: config, Input: plain, InputName: "0-plain.yaml"}
	ours = decodeYAML(t, c.mustRun(t, config, plain))
	theirs = decodeYAML(t, readFile(t, "testdata/article", article))
	differ, want := []string{}, []string{}
	for i := range objects {
		compare(theirs[i], ours[i], "", &differ)
	}
	for path, why := range intended {
		require.NotEmpty(t, why)
		want = append(want, path)
	}
	require.ElementsMatch(t, want, differ)
	return ours, theirs
}

// TestArticle compares what placement beside renders with the article's own
// manifest, field by field.
func TestArticle(t *testing.T) {
	ours, theirs := requireIntended(t, asTheArticle, "1-ambassador-tls.yaml", 1, intended)
	pod := ours[0]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	proxy := entryOf(pod["containers"].([]any), "nginx-proxy")
	require.Equal(t, []any{map[string]any{"name": "http", "containerPort": 9200}}, proxy["ports"], "the same number")
	refs := fmt.Sprint(pod["volumes"])
	require.Contains(t, refs, "secretName:elasticsearch-tls", "the same Secret")
	require.Contains(t, refs, "configMap:map[name:elasticsearch-nginx-proxy]")
	plain := decodeYAML(t, readFile(t, "testdata/article", "0-plain.yaml"))
	require.Equal(t, plain[1], ours[1], "the Service stays as it is")
	conf := fmt.Sprint(ours[2]["data"])
	for _, line := range []string{
		"listen 9200 ssl", "proxy_pass http://127.0.0.1:9201;", "$certs/tls.crt;", "$certs/tls.key;",
	} {
		require.Contains(t, conf, line)
	}
	require.True(t, strings.Contains(fmt.Sprint(theirs[1]["data"]), "listen 9200 ssl"))
}

// compare collects the shallowest paths at which two values differ; lists of
// containers are compared by name.
func compare(a, b any, at string, differ *[]string) {
	am, aIs := a.(map[string]any)
	bm, bIs := b.(map[string]any)
	al, aList := a.([]any)
	bl, bList := b.([]any)
	switch {
	case aIs && bIs:
		for _, k := range union(am, bm) {
			compare(am[k], bm[k], strings.TrimPrefix(at+"."+k, "."), differ)
		}
	case aList && bList && strings.HasSuffix(strings.ToLower(at), "containers"):
		names := map[string]any{}
		for _, v := range append(slices.Clone(al), bl...) {
			names[keyOf(v.(map[string]any))] = nil
		}
		for name := range names {
			compare(any(entryOf(al, name)), any(entryOf(bl, name)), at+"["+name+"]", differ)
		}
	case aList && bList && strings.HasSuffix(at, ".env"): // their order is of no matter here
		for _, v := range append(slices.Clone(al), bl...) {
			k := keyOf(v.(map[string]any))
			if !reflect.DeepEqual(entryOf(al, k), entryOf(bl, k)) {
				*differ = append(*differ, at+"["+k+"]")
			}
		}
	case !reflect.DeepEqual(a, b):
		*differ = append(*differ, at)
	}
}

func union(a, b map[string]any) []string {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, both := a[k]; !both {
			keys = append(keys, k)
		}
	}
	return keys
}
