package cost_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/cost"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// readContainers reads containers of the form "name cpu memory": "+" before the name makes one a native sidecar.
func readContainers(texts ...string) (all []corev1.Container) {
	for _, text := range texts {
		words := strings.Fields(text)
		c := corev1.Container{Name: strings.TrimPrefix(words[0], "+")}
		if c.Name != words[0] {
			c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
		}
		if len(words) == 3 {
			c.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(words[1]),
				corev1.ResourceMemory: resource.MustParse(words[2])}
		}
		all = append(all, c)
	}
	return all
}

func TestCountPod(t *testing.T) {
	for name, c := range map[string]struct {
		inits, apps []string
		want        string
	}{
		"nothing":                         {nil, []string{"app"}, "nothing"},
		"containers add up":               {nil, []string{"app 100m 64Mi", "beside 10m 8Mi"}, "110m CPU, 72Mi"},
		"a native sidecar":                {[]string{"+proxy 10m 24Mi"}, []string{"app 100m 64Mi"}, "110m CPU, 88Mi"},
		"a small init container":          {[]string{"init 50m 16Mi"}, []string{"app 100m 64Mi"}, "100m CPU, 64Mi"},
		"a large one":                     {[]string{"init 1 16Mi"}, []string{"app 100m 64Mi"}, "1 CPU, 64Mi"},
		"the largest of two":              {[]string{"a 200m 1Mi", "b 300m 2Mi"}, []string{"app 100m 1Mi"}, "300m CPU, 2Mi"},
		"beside a native one before it":   {[]string{"+p 10m 1Mi", "i 200m 1Mi"}, []string{"app 100m 1Mi"}, "210m CPU, 2Mi"},
		"not beside a native one after":   {[]string{"i 200m 1Mi", "+p 10m 1Mi"}, []string{"app 100m 1Mi"}, "200m CPU, 2Mi"},
		"of bytes, as whole mebibytes":    {nil, []string{"app 1500m 64M"}, "1500m CPU, 62Mi"},
		"more than a number of bytes has": {nil, []string{"app 0 8E", "more 0 8E"}, "16E"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := corev1.PodSpec{InitContainers: readContainers(c.inits...), Containers: readContainers(c.apps...)}
			require.Equal(t, c.want, cost.CountPod(&pod).String())
		})
	}
	limits := corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}}
	pod := corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Resources: limits}}}
	require.Equal(t, "2 CPU", cost.CountPod(&pod).String(), "a limit alone is the request, too")
	list := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("3")}
	pod.Resources = &corev1.ResourceRequirements{Requests: list}
	require.Equal(t, "3 CPU", cost.CountPod(&pod).String(), "the pod's own request counts")
}

func TestAdded(t *testing.T) {
	w := &sidecar.Workload{Template: sidecar.Fields("spec", "template")}
	w.Pod.Spec.Containers = readContainers("app 100m 64Mi")
	w.Pod.Spec.InitContainers = readContainers("init 50m 500Mi")
	for name, c := range map[string]struct {
		placement     sidecar.Placement
		init, running string
		want          string
	}{
		"beside":                 {sidecar.Beside, "", "x 10m 24Mi", "10m CPU"},
		"more than the init":     {sidecar.Beside, "", "x 10m 1Gi", "10m CPU, 588Mi"},
		"native":                 {sidecar.Native, "", "x 10m 24Mi", "10m CPU"},
		"an init container":      {sidecar.Native, "x 20m 24Mi", "", "nothing"},
		"a large init container": {sidecar.Native, "x 300m 24Mi", "", "200m CPU"},
	} {
		t.Run(name, func(t *testing.T) {
			var change sidecar.Change
			if c.init != "" {
				change.InitContainers = readContainers(c.init)
			}
			if c.running != "" {
				change.Containers = readContainers(c.running)
			}
			answers := []sidecar.Answer{{Name: "x", Placement: c.placement, Change: &change}}
			require.Equal(t, c.want, cost.CountAdded(w, answers).String())
			w := *w // with the same in the manifest, as an earlier run left it
			w.Pod.Spec.InitContainers = append(readContainers("init 50m 500Mi"), change.InitContainers...)
			require.Equal(t, c.want, cost.CountAdded(&w, answers).String())
		})
	}
}

func TestCountPods(t *testing.T) {
	for name, c := range map[string]struct {
		kind                         string
		replicas, parallelism, least *int32
		want                         cost.Pods
	}{
		"by default":                  {"apps/Deployment", nil, nil, nil, cost.Pods{Count: 1}},
		"replicas":                    {"apps/StatefulSet", new(int32(3)), nil, nil, cost.Pods{Count: 3}},
		"an autoscaler":               {"apps/Deployment", new(int32(3)), nil, new(int32(5)), cost.Pods{Count: 5}},
		"none, which isn't scaled":    {"apps/Deployment", new(int32(0)), nil, new(int32(5)), cost.Pods{Count: 0}},
		"less than none":              {"apps/Deployment", new(int32(-1)), nil, nil, cost.Pods{Count: 0}},
		"a node's":                    {"apps/DaemonSet", nil, nil, nil, cost.Pods{Count: 1, Per: "node"}},
		"a job's":                     {"batch/Job", nil, new(int32(4)), nil, cost.Pods{Count: 4}},
		"a run's":                     {"batch/CronJob", nil, new(int32(2)), nil, cost.Pods{Count: 2, Per: "run"}},
		"a pod":                       {"/Pod", nil, nil, nil, cost.Pods{Count: 1}},
		"a template's":                {"/PodTemplate", nil, nil, nil, cost.Pods{Count: 1, Per: "pod"}},
		"a custom resource":           {"argoproj.io/Rollout", new(int32(2)), nil, nil, cost.Pods{Count: 2}},
		"one that doesn't say":        {"argoproj.io/Rollout", nil, nil, nil, cost.Pods{Count: 1, Per: "pod"}},
		"one that an autoscaler does": {"argoproj.io/Rollout", nil, nil, new(int32(2)), cost.Pods{Count: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			group, kind, _ := strings.Cut(c.kind, "/")
			ref := sidecar.Ref{Group: group, Kind: kind, Name: "web"}
			require.Equal(t, c.want, cost.CountPods(ref, c.replicas, c.parallelism, c.least))
		})
	}
}

func TestDescribe(t *testing.T) {
	each := cost.Request{CPU: resource.MustParse("10m"), Memory: resource.MustParse("24Mi")}
	for want, p := range map[string]cost.Pods{
		"requests 10m CPU, 24Mi":               {Count: 1},
		"requests 0 x (10m CPU, 24Mi)":         {Count: 0},
		"requests 3 x (10m CPU, 24Mi)":         {Count: 3},
		"requests 10m CPU, 24Mi per node":      {Count: 1, Per: "node"},
		"requests 2 x (10m CPU, 24Mi) per run": {Count: 2, Per: "run"},
	} {
		require.Equal(t, want, p.Describe(each))
	}
	require.Equal(t, "requests nothing more", cost.Pods{Count: 3}.Describe(cost.Request{}))

	var sum cost.Sum
	require.Empty(t, sum.String())
	sum.AddWorkload(cost.Pods{Count: 3}, each)
	require.Empty(t, sum.String(), "its line says it all")
	sum.AddSkipped()
	require.Equal(t, "total: 1 workload with sidecars, 1 without; requests 30m CPU, 72Mi in 3 pods", sum.String())
	sum.AddWorkload(cost.Pods{Count: 2, Per: "run"}, each)
	sum.AddWorkload(cost.Pods{Count: 1}, cost.Request{})
	require.Equal(t, "total: 3 workloads with sidecars, 1 without; requests 30m CPU, 72Mi in 4 pods; 20m CPU, 48Mi "+
		"per run", sum.String())
}
