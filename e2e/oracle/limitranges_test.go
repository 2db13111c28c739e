package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/plugin/pkg/admission/limitranger"

	"sigs.k8s.io/yaml"
)

// randomResources returns a mapping with one of the quantities of some resources, or none.
func randomResources(r *rand.Rand, of map[string][]string) string {
	var all []string
	for _, name := range []string{"cpu", "memory"} {
		if q := of[name]; r.IntN(3) > 0 {
			all = append(all, name+": "+q[r.IntN(len(q))])
		}
	}
	return "{" + strings.Join(all, ", ") + "}"
}

var (
	requestSizes = map[string][]string{"cpu": {"10m", "20m"}, "memory": {"16Mi", "64Mi"}}
	limitSizes   = map[string][]string{"cpu": {"20m", "100m"}, "memory": {"64Mi", "256Mi"}}
	rangeSizes   = map[string][]string{
		"cpu": {"10m", "15m", "20m", "50m", "120m"}, "memory": {"16Mi", "64Mi", "128Mi", "1Gi"}}
	ratios = map[string][]string{"cpu": {"1", "2", "4500m"}, "memory": {"1", "4", "16"}}
)

// A LimitRange refuses a container of a sidecar, or a pod with it, exactly where the API server's own code does.
func TestLimitRanges(t *testing.T) {
	refused := 0
	for seed := range uint64(6000) {
		r := rand.New(rand.NewPCG(seed, 1))
		kind := []string{"Container", "Pod"}[r.IntN(2)]
		item := "type: " + kind
		fields := []string{"min", "max", "maxLimitRequestRatio"}
		if kind == "Container" {
			fields = append(fields, "default", "defaultRequest")
		}
		for _, field := range fields {
			if sizes := rangeSizes; r.IntN(3) == 0 {
				if field == "maxLimitRequestRatio" {
					sizes = ratios
				}
				item += ", " + field + ": " + randomResources(r, sizes)
			}
		}
		limits := "apiVersion: v1\nkind: LimitRange\nmetadata: {name: range}\nspec: {limits: [{" + item + "}]}\n"
		resources := func() string {
			return fmt.Sprintf("{requests: %s, limits: %s}", randomResources(r, requestSizes), randomResources(r, limitSizes))
		}
		own := "{}"
		if kind == "Pod" && r.IntN(3) == 0 {
			own = fmt.Sprintf("{requests: {cpu: 20m, memory: 32Mi}, limits: %s}", randomResources(r, limitSizes))
		}
		before := fmt.Sprintf(podWithResources, own, resources())
		if !Check(before)[0].Accepted() {
			continue
		}
		conf := fmt.Sprintf(addOne, []string{"containers", "initContainers"}[r.IntN(2)], resources())
		after, err := outrig(conf, before)
		require.NoError(t, err)

		want := refuses(t, limits, after, kind == "Container") && (kind == "Container" || !refuses(t, limits, before, false))
		_, err = outrig(conf, before+"---\n"+limits)
		if want {
			refused++
		}
		require.Equal(t, want, err != nil, "seed %d: %v\n%s\n%s\n%s", seed, err, limits, before, conf)
	}
	require.Greater(t, refused, 400)
	require.Less(t, refused, 4000)
}

// refuses reports whether the API server's code refuses a pod, or the container of the sidecar alone.
func refuses(t *testing.T, limits, pod string, alone bool) bool {
	t.Helper()
	var of corev1.LimitRange
	require.NoError(t, yaml.UnmarshalStrict([]byte(limits), &of))
	legacyscheme.Scheme.Default(&of)
	raw, err := yaml.YAMLToJSON([]byte(pod))
	require.NoError(t, err)
	object, err := runtime.Decode(legacyscheme.Codecs.UniversalDecoder(), raw)
	require.NoError(t, err)
	p := object.(*core.Pod)
	if alone {
		isOther := func(c core.Container) bool { return c.Name != "more" }
		p.Spec.Containers = deleteContainers(p.Spec.Containers, isOther)
		p.Spec.InitContainers = deleteContainers(p.Spec.InitContainers, isOther)
	}
	require.NoError(t, limitranger.PodMutateLimitFunc(&of, p))
	for _, c := range append(p.Spec.Containers, p.Spec.InitContainers...) {
		for name, limit := range c.Resources.Limits {
			if request := c.Resources.Requests[name]; request.Cmp(limit) > 0 {
				return true // validation refuses it
			}
		}
	}
	return limitranger.PodValidateLimitFunc(&of, p) != nil
}

func deleteContainers(all []core.Container, is func(core.Container) bool) (kept []core.Container) {
	for _, c := range all {
		if !is(c) {
			kept = append(kept, c)
		}
	}
	return kept
}
