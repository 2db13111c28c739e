// Package cost compares what outrigger counts for a pod with what the scheduler counts.
package cost

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apiresource "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/component-helpers/resource"

	"github.com/outrigger-dev/outrigger/pkg/cost"
)

func TestCountPod(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	list := func() corev1.ResourceList {
		l := corev1.ResourceList{}
		if r.IntN(4) > 0 {
			l[corev1.ResourceCPU] = *apiresource.NewMilliQuantity(r.Int64N(2000), apiresource.DecimalSI)
		}
		if r.IntN(4) > 0 {
			l[corev1.ResourceMemory] = *apiresource.NewQuantity(r.Int64N(1<<32), apiresource.BinarySI)
		}
		return l
	}
	makeContainers := func(n int, inits bool) (all []corev1.Container) {
		for i := range n {
			c := corev1.Container{Name: fmt.Sprint(i), Resources: corev1.ResourceRequirements{Requests: list()}}
			if inits && r.IntN(2) == 0 {
				c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
			}
			all = append(all, c)
		}
		return all
	}
	for range 10_000 {
		spec := corev1.PodSpec{InitContainers: makeContainers(r.IntN(5), true),
			Containers: makeContainers(1+r.IntN(3), false)}
		if r.IntN(5) == 0 {
			spec.Resources = &corev1.ResourceRequirements{Requests: list()}
		}
		want := resource.PodRequests(&corev1.Pod{Spec: spec}, resource.PodResourcesOptions{})
		have := cost.CountPod(&spec)
		require.Zero(t, have.CPU.Cmp(want[corev1.ResourceCPU]), "%+v", spec)
		require.Zero(t, have.Memory.Cmp(want[corev1.ResourceMemory]), "%+v", spec)
	}
}
