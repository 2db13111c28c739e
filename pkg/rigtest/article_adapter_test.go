package rigtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// asTheAdapter asks for the article's adapter, in its own names where they can be
// chosen.
var asTheAdapter = newDocument("search", "{kind: Deployment, name: elasticsearch}", `  patterns:
    - name: prometheus-exporter
      placement: beside
      override: {image: "justwatch/elasticsearch_exporter:1.1.0"}
      exporter: {preset: elasticsearch}
`)

const articleExporter = "spec.template.spec.containers[prometheus-exporter]."

// intendedOfAdapter are the differences from the article's manifests, each with its
// reason.
var intendedOfAdapter = map[string]string{
	"metadata.annotations":               "the mark that people and policies look for",
	"spec.template.metadata.annotations": "the mark; kubectl's default container",
	articleExporter + "args":             "127.0.0.1, since localhost may be ::1",
	articleExporter + "livenessProbe":    "an exporter that hangs is restarted",
	articleExporter + "resources":        "without requests, autoscalers fail and quotas refuse the pod",
	articleExporter + "securityContext":  "Pod Security restricted",
	"spec.ports": "the first port has its number as its name, and the exporter is referred to by number: " +
		"older clusters don't resolve port names of native sidecars",
}

// TestArticleAdapter compares with the article's second step.
func TestArticleAdapter(t *testing.T) {
	ours, theirs := requireIntended(t, asTheAdapter, "2-adapter-exporter.yaml", 2, intendedOfAdapter)
	require.Len(t, ours, len(theirs))
}
