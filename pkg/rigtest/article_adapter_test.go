package rigtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// asTheAdapter asks for the article's adapter, in its own names where they can be
// chosen.
const asTheAdapter = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment, name: elasticsearch}]
  patterns:
    - name: prometheus-exporter
      placement: beside
      override: {image: "justwatch/elasticsearch_exporter:1.1.0"}
      exporter: {preset: elasticsearch}
`

// intendedOfAdapter are the differences from the article's manifests, each with its
// reason.
var intendedOfAdapter = map[string]string{
	"metadata.annotations":                                               "the mark that people and policies look for",
	"spec.template.metadata.annotations":                                 "the mark; kubectl's default container",
	"spec.template.spec.containers[prometheus-exporter].args":            "127.0.0.1, since localhost may be ::1",
	"spec.template.spec.containers[prometheus-exporter].livenessProbe":   "an exporter that hangs is restarted",
	"spec.template.spec.containers[prometheus-exporter].resources":       "without requests, autoscalers fail and quotas refuse the pod",
	"spec.template.spec.containers[prometheus-exporter].securityContext": "Pod Security restricted",
	"spec.ports": "the first port is named for its number, and a number leads to the exporter: names of native sidecars' ports don't resolve on older clusters",
}

// TestArticleAdapter compares with the article's second step.
func TestArticleAdapter(t *testing.T) {
	plain, article := readFile(t, "testdata/article", "0-plain.yaml"), readFile(t, "testdata/article",
		"2-adapter-exporter.yaml")
	c := Case{Config: asTheAdapter, Input: plain, InputName: "0-plain.yaml"}
	ours, theirs := decodeYAML(t, c.mustRun(t, asTheAdapter, plain)), decodeYAML(t, article)
	require.Len(t, ours, len(theirs))
	var differ []string
	for i := range theirs {
		compare(theirs[i], ours[i], "", &differ)
	}
	var want []string
	for path, why := range intendedOfAdapter {
		require.NotEmpty(t, why)
		want = append(want, path)
	}
	slices.Sort(want)
	slices.Sort(differ)
	require.Equal(t, want, differ)
}
