package oracle

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// Scripts that stand in a container's command reach the shell as they are: what is
// $(...) to a shell could be a variable to the kubelet.
func TestScriptsAreTheShells(t *testing.T) {
	goldens, err := filepath.Glob("../../pkg/rigtest/testdata/*/expected.yaml")
	require.NoError(t, err)
	scripts := 0
	for _, golden := range goldens {
		after := text(t, golden)
		all := podsOf(after)
		for object, pod := range all {
			for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
				if len(c.Command) < 3 || c.Command[0] != "sh" || c.Command[1] != "-c" {
					continue
				}
				vars := map[string]string{}
				for _, e := range c.Env {
					vars[e.Name] = "(value)"
				}
				where := fmt.Sprintf("%s: %s of %s", golden, c.Name, object)
				for _, word := range c.Command {
					require.Equal(t, word, expansion.Expand(word, expansion.MappingFuncFor(vars)), where)
				}
				for _, word := range c.Args { // in which $$ stands for $, where a user wrote one
					if strings.HasPrefix(word, "-database=") {
						continue // of migrate: the kubelet is to write the variable's value there
					}
					plain := expansion.Expand(word, expansion.MappingFuncFor(map[string]string{}))
					require.Equal(t, plain, expansion.Expand(word, expansion.MappingFuncFor(vars)), where)
				}
				scripts++
			}
		}
	}
	require.NotZero(t, scripts)
}
