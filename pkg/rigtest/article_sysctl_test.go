package rigtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// raisingAsTheArticle asks for the article's init container, in its own names.
var raisingAsTheArticle = newDocument("search", "{kind: Deployment, name: elasticsearch}", `  patterns:
    - name: update-sysctl
      override: {image: "alpine:3.12"}
      sysctl: {sysctls: [{name: vm.max_map_count, value: "262144"}]}
`)

const articleInit = "spec.template.spec.initContainers[update-sysctl]."

// raisingIntended are the differences between the article's and ours, each with its
// reason.
var raisingIntended = map[string]string{
	"metadata.annotations":                                 "the mark that people and policies look for",
	"spec.template.metadata.annotations":                   "the mark",
	articleInit + "args":                                   "the setting and its value",
	articleInit + "command":                                "a script raises and never lowers: other pods may need more",
	articleInit + "resources":                              "quotas refuse pods without requests",
	articleInit + "securityContext.readOnlyRootFilesystem": "nothing else is to be written",
	articleInit + "securityContext.runAsGroup":             "root, whatever the pod's is",
	articleInit + "securityContext.runAsNonRoot":           "root, whatever the pod says",
	articleInit + "securityContext.runAsUser":              "root, whatever the pod's is",
}

// TestArticleSysctl compares what is rendered with the article's own manifest.
func TestArticleSysctl(t *testing.T) {
	ours, _ := requireIntended(t, raisingAsTheArticle, "4-init-sysctl.yaml", 1, raisingIntended)
	pod := ours[0]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	init := entryOf(pod["initContainers"].([]any), "update-sysctl")
	require.Equal(t, []any{"vm/max_map_count", "262144"}, init["args"])
	require.Equal(t, true, init["securityContext"].(map[string]any)["privileged"])
}
