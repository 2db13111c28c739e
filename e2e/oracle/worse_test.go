package oracle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWorse(t *testing.T) {
	worse := func(before, after string) []string { return Worse(Check(before), Check(after)) }
	fragment := strings.Replace(deploymentYAML, "  selector: {matchLabels: {app: web}}\n", "", 1)
	require.False(t, Check(fragment)[0].Accepted())
	before := func(container string) string {
		return strings.Replace(fragment, "        - name: proxy\n", container+"        - name: proxy\n", 1)
	}

	require.Empty(t, worse(deploymentYAML, deploymentYAML))
	require.Empty(t, worse(fragment, fragment), "it was refused before")
	require.Empty(t, worse(fragment, deploymentYAML), "it's better")
	require.Equal(t, []string{"Deployment web: error: spec.template.spec.initContainers[0].image: Required value"},
		worse(fragment, before("        - {name: new}\n")), "a new mistake beside an old one")

	imageless := before("        - {name: one}\n")
	moved := before("        - {name: new, image: new}\n        - {name: one}\n")
	require.Empty(t, worse(imageless, moved), "positions change")
	twice := before("        - {name: one}\n        - {name: two}\n")
	require.Len(t, worse(imageless, twice), 1, "the same mistake once more")
	warned := strings.Replace(fragment, "8443}]", "8080}]", 1)
	found := strings.Join(worse(fragment, warned), "\n")
	require.Contains(t, found, "Deployment web: warning: ", "a new warning of a fragment")
	require.Empty(t, worse(warned, warned))
	more := fragment + "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a_b}}\n"
	require.Equal(t, []string{`ConfigMap a_b: error: metadata.name`}, cut(worse(fragment, more)), "a new object")
}

// cut leaves the fields of errors.
func cut(found []string) []string {
	for i, f := range found {
		found[i], _, _ = strings.Cut(f, ": Invalid")
	}
	return found
}
