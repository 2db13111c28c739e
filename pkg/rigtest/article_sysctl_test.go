package rigtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// raisingAsTheArticle asks for the article's init container, in its own names.
const raisingAsTheArticle = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: search}
spec:
  select: [{kind: Deployment, name: elasticsearch}]
  patterns:
    - name: update-sysctl
      override: {image: "alpine:3.12"}
      sysctl: {sysctls: [{name: vm.max_map_count, value: "262144"}]}
`

// raisingIntended are the differences between the article's and ours, each with its
// reason.
var raisingIntended = map[string]string{
	"metadata.annotations":                                                                    "the mark that people and policies look for",
	"spec.template.metadata.annotations":                                                      "the mark",
	"spec.template.spec.initContainers[update-sysctl].args":                                   "the setting and its value",
	"spec.template.spec.initContainers[update-sysctl].command":                                "a script that raises and never lowers: other pods of the node may need more",
	"spec.template.spec.initContainers[update-sysctl].resources":                              "quotas refuse pods without requests",
	"spec.template.spec.initContainers[update-sysctl].securityContext.readOnlyRootFilesystem": "nothing else is to be written",
	"spec.template.spec.initContainers[update-sysctl].securityContext.runAsGroup":             "root, whatever the pod's is",
	"spec.template.spec.initContainers[update-sysctl].securityContext.runAsNonRoot":           "root, whatever the pod says",
	"spec.template.spec.initContainers[update-sysctl].securityContext.runAsUser":              "root, whatever the pod's is",
}

// TestArticleSysctl compares what is rendered with the article's own manifest.
func TestArticleSysctl(t *testing.T) {
	plain, article := readFile(t, "testdata/article", "0-plain.yaml"), readFile(t, "testdata/article",
		"4-init-sysctl.yaml")
	c := Case{Config: raisingAsTheArticle, Input: plain, InputName: "0-plain.yaml"}
	ours, theirs := decodeYAML(t, c.mustRun(t, raisingAsTheArticle, plain)), decodeYAML(t, article)
	var differ, want []string
	compare(any(theirs[0]), any(ours[0]), "", &differ)
	slices.Sort(differ)
	for path, why := range raisingIntended {
		require.NotEmpty(t, why)
		want = append(want, path)
	}
	slices.Sort(want)
	require.Equal(t, want, differ)
	pod := ours[0]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	init := entryOf(pod["initContainers"].([]any), "update-sysctl")
	require.Equal(t, []any{"vm/max_map_count", "262144"}, init["args"])
	require.Equal(t, true, init["securityContext"].(map[string]any)["privileged"])
}
