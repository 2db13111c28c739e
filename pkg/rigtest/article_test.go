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
const asTheArticle = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment, name: elasticsearch}]
  patterns:
    - name: nginx-proxy
      placement: beside
      override: {image: "nginx:1.19.5"}
      tlsProxy:
        port: 9200
        secretName: elasticsearch-tls
        rebind: {port: 9201, env: {network.host: 127.0.0.1, http.port: "9201"}}
`

// intended are the differences between the article's Deployment and ours, each
// with its reason. What isn't here must be the same.
var intended = map[string]string{
	"metadata.annotations":                                       "the mark that people and policies look for",
	"spec.template.metadata.annotations":                         "the mark; kubectl's default container; a checksum, so that a changed config rolls the pods",
	"spec.template.spec.containers[elasticsearch].lifecycle":     "the app goes on until no Service leads to the pod: without, requests are lost",
	"spec.template.spec.containers[nginx-proxy].lifecycle":       "beside the app, both must wait",
	"spec.template.spec.containers[nginx-proxy].command":         "the image's entrypoint writes to the root file system, which is read-only here",
	"spec.template.spec.containers[nginx-proxy].livenessProbe":   "a proxy that hangs is restarted",
	"spec.template.spec.containers[nginx-proxy].startupProbe":    "and gets time to start",
	"spec.template.spec.containers[nginx-proxy].resources":       "without requests, autoscalers fail and quotas refuse the pod",
	"spec.template.spec.containers[nginx-proxy].securityContext": "Pod Security restricted",
	"spec.template.spec.containers[nginx-proxy].ports":           "the port keeps the app's name as well as its number: whoever names it finds the proxy",
	"spec.template.spec.containers[nginx-proxy].volumeMounts":    "nginx.conf as a whole rather than a file for conf.d, a writable /tmp, and names that no other sidecar has",
	"spec.template.spec.volumes":                                 "the same volumes under the sidecar's name, only the two files of the Secret, and /tmp",
}

// TestArticle compares what placement beside renders with the article's own
// manifest, field by field.
func TestArticle(t *testing.T) {
	plain, article := readFile(t, "testdata/article", "0-plain.yaml"), readFile(t, "testdata/article",
		"1-ambassador-tls.yaml")
	c := Case{Config: asTheArticle, Input: plain, InputName: "0-plain.yaml"}
	ours := decodeYAML(t, c.mustRun(t, asTheArticle, plain))
	theirs := decodeYAML(t, article)
	var differ []string
	compare(theirs[0], ours[0], "", &differ)
	slices.Sort(differ)
	var want []string
	for path, why := range intended {
		require.NotEmpty(t, why)
		want = append(want, path)
	}
	slices.Sort(want)
	require.Equal(t, want, differ)

	pod := ours[0]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	proxy := entryOf(pod["containers"].([]any), "nginx-proxy")
	require.Equal(t, []any{map[string]any{"name": "http", "containerPort": 9200}}, proxy["ports"], "the same number")
	refs := fmt.Sprint(pod["volumes"])
	require.Contains(t, refs, "secretName:elasticsearch-tls", "the same Secret")
	require.Contains(t, refs, "configMap:map[name:elasticsearch-nginx-proxy]")
	require.Equal(t, decodeYAML(t, plain)[1], ours[1], "the Service stays as it is")
	conf := fmt.Sprint(ours[2]["data"])
	for _, line := range []string{"listen 9200 ssl", "proxy_pass http://127.0.0.1:9201;", "$certs/tls.crt;", "$certs/tls.key;"} {
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
