package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// One string of a mapping is the one that all of them have, through aliases and merge keys, too.
func TestStringAt(t *testing.T) {
	text, err := Parse("", `apiVersion: apps/v1
kind: Deployment
metadata:
  name: x
  annotations: &notes {a: b, "c": "", d: !!binary aGV5, n: null, 1: one, list: [x]}
spec:
  template:
    metadata:
      labels: *notes
      annotations: {<<: *notes, a: own}
  workers:
  - name: w
    metadata: {annotations: {a: of w}}
`)
	require.NoError(t, err)
	o := text.Objects[0]
	pod, worker := sidecar.Fields("spec", "template", "metadata"), sidecar.Fields("spec", "workers").At("name", "w")
	for _, at := range []sidecar.Path{
		sidecar.Fields("metadata", "annotations"), sidecar.Fields("metadata", "labels"), sidecar.Fields("metadata", "name"),
		pod.To("labels"), pod.To("annotations"), sidecar.Fields("spec", "workers"), worker.To("metadata", "annotations"), {},
	} {
		all := o.StringsAt(at)
		for _, key := range []string{"a", "c", "d", "n", "1", "list", "<<", "none", "kind"} {
			want, there := all[key]
			have, found := o.StringAt(at, key)
			require.Equal(t, there, found, "%s %s", at, key)
			require.Equal(t, want, have, "%s %s", at, key)
		}
	}
	require.Equal(t, "own", o.StringsAt(pod.To("annotations"))["a"])
}
