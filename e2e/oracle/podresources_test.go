package oracle

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// podWithResources is a pod with resources of its own, on a line of their own. It isn't a Deployment, as the API
// server completes and compares some resources only when the pod is made.
const podWithResources = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  resources: %s
  containers:
    - {name: web, image: "web:1", resources: %s}
`

const addOne = `apiVersion: outrigger.dev/v1alpha1
kind: Sidecars
metadata: {name: web}
spec:
  select: [{name: web}]
  patterns:
    - {name: more, placement: beside, custom: {%s: [{name: more, image: "more:1", resources: %s}]}}
`

// The API server refuses a pod whose own resources are less than those of its containers. So they're raised, by no
// more than that, and no further by a second run.
func TestPodResources(t *testing.T) {
	own := regexp.MustCompile(`(?m)^  resources: (.*)$`)
	for name, c := range map[string]struct{ pod, app, list, sidecar, want string }{
		"requests add up": {"{requests: {cpu: 100m, memory: 128Mi}}", "{requests: {cpu: 100m, memory: 128Mi}}",
			"containers", "{requests: {cpu: 20m, memory: 32Mi}}", "{requests: {cpu: 120m, memory: 160Mi}}"},
		"as other texts": {`{requests: {cpu: 0.1, memory: "134217728"}}`, "{requests: {cpu: 100m, memory: 128Mi}}",
			"containers", "{requests: {cpu: 20m, memory: 32Mi}}", "{requests: {cpu: 120m, memory: 160Mi}}"},
		"a limit is a request": {"{requests: {memory: 128Mi}}", "{requests: {memory: 128Mi}}",
			"containers", "{limits: {memory: 32Mi}}", "{requests: {memory: 160Mi}}"},
		"an init container": {"{requests: {cpu: 100m}}", "{requests: {cpu: 100m}}",
			"initContainers", "{requests: {cpu: 300m}}", "{requests: {cpu: 300m}}"},
		"a request above its limit": {"{requests: {cpu: 100m}, limits: {cpu: 110m}}", "{requests: {cpu: 100m}}",
			"containers", "{requests: {cpu: 20m}}", "{requests: {cpu: 120m}, limits: {cpu: 120m}}"},
		"a limit alone": {"{limits: {memory: 128Mi}}", "{requests: {memory: 128Mi}}",
			"containers", "{requests: {memory: 32Mi}}", "{limits: {memory: 160Mi}}"},
		"a container's limit": {"{limits: {memory: 128Mi}}", "{}",
			"initContainers", "{requests: {memory: 32Mi}, limits: {memory: 256Mi}}", "{limits: {memory: 256Mi}}"},
		"Guaranteed stays so": {"{requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}", "{}",
			"containers", "{requests: {memory: 1Gi}, limits: {memory: 2Gi}}",
			"{requests: {cpu: 1, memory: 2Gi}, limits: {cpu: 1, memory: 2Gi}}"},
		"huge pages": {
			"{requests: {cpu: 1, hugepages-2Mi: 4Mi}, limits: {hugepages-2Mi: 4Mi}}",
			"{requests: {cpu: 1, hugepages-2Mi: 4Mi}, limits: {hugepages-2Mi: 4Mi}}",
			"containers", "{requests: {cpu: 1m, hugepages-2Mi: 2Mi}, limits: {hugepages-2Mi: 2Mi}}",
			"{requests: {cpu: 1001m, hugepages-2Mi: 6Mi}, limits: {hugepages-2Mi: 6Mi}}"},
	} {
		t.Run(name, func(t *testing.T) {
			before, conf := fmt.Sprintf(podWithResources, c.pod, c.app), fmt.Sprintf(addOne, c.list, c.sidecar)
			require.True(t, Check(before)[0].Accepted())
			after, err := outrig(conf, before)
			require.NoError(t, err)
			require.Equal(t, c.want, own.FindStringSubmatch(after)[1])
			require.True(t, Check(after)[0].Accepted(), Check(after)[0].String())
			again, err := outrig(conf, after)
			require.NoError(t, err)
			require.Equal(t, after, again)
			if c.list == "containers" { // the API server lets a limit of an init container be above the pod's
				lower := own.ReplaceAllLiteralString(after, "  resources: "+c.pod)
				require.False(t, Check(lower)[0].Accepted(), "nothing had to be raised")
			}
		})
	}
	enough := fmt.Sprintf(podWithResources, "{requests: {cpu: 1}, limits: {memory: 1Gi}}", "{requests: {cpu: 100m}}")
	after, err := outrig(fmt.Sprintf(addOne, "containers", "{requests: {cpu: 20m}, limits: {memory: 32Mi}}"), enough)
	require.NoError(t, err)
	require.Contains(t, after, own.FindString(enough)+"\n", "it's enough already")
}
