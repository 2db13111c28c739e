package neighbour

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var (
	autoscalerKind = Kind{"autoscaling", "HorizontalPodAutoscaler"}
	scaledObjects  = Kind{"keda.sh", "ScaledObject"}
	rolloutKind    = Kind{"argoproj.io", "Rollout"}
)

// autoscaler holds the fields of a HorizontalPodAutoscaler, v1 or v2, that are read here.
type autoscaler struct {
	ScaleTargetRef scaleTarget `json:"scaleTargetRef"`

	CPU     *int32   `json:"targetCPUUtilizationPercentage"` // v1
	Metrics []metric `json:"metrics"`                        // v2
}

// A scaleTarget names a workload.
type scaleTarget struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

// ref returns the workload in a namespace.
func (t *scaleTarget) ref(namespace string) sidecar.Ref {
	group, _, ok := strings.Cut(t.APIVersion, "/")
	if !ok {
		group = ""
	}
	return sidecar.Ref{Group: group, Kind: t.Kind, Namespace: namespace, Name: t.Name}
}

// scaledObject holds the fields of KEDA's ScaledObject that are read here. KEDA makes a HorizontalPodAutoscaler of it.
type scaledObject struct {
	ScaleTargetRef scaleTarget     `json:"scaleTargetRef"`
	Triggers       []scaledTrigger `json:"triggers"`
}

// target returns the workload in a namespace. Each of its two defaults is one of its own (keda
// apis/keda/v1alpha1/gvkr.go).
func (k *scaledObject) target(namespace string) sidecar.Ref {
	to := k.ScaleTargetRef
	to.APIVersion, to.Kind = cmp.Or(to.APIVersion, "apps/v1"), cmp.Or(to.Kind, "Deployment")
	return to.ref(namespace)
}

type scaledTrigger struct {
	Type       string `json:"type"`
	MetricType string `json:"metricType"`
	Metadata   struct {
		Type          string `json:"type"` // where MetricType is empty
		ContainerName string `json:"containerName"`
	} `json:"metadata"`
}

// averagesUse reports whether the trigger is a resource's utilization, averaged over all containers of the pods
// (keda pkg/scalers/cpu_memory_scaler.go).
func (t *scaledTrigger) averagesUse() bool {
	isResource := t.Type == string(corev1.ResourceCPU) || t.Type == string(corev1.ResourceMemory)
	return isResource && cmp.Or(t.MetricType, t.Metadata.Type) == "Utilization" && t.Metadata.ContainerName == ""
}

// rollout holds the fields of a Rollout that are read here. Its pod template may be that of another workload.
type rollout struct {
	WorkloadRef *scaleTarget `json:"workloadRef"`
}

type metric struct {
	Type     string `json:"type"`
	Resource struct {
		Name   corev1.ResourceName `json:"name"`
		Target struct {
			Type               string `json:"type"`
			AverageUtilization int32  `json:"averageUtilization"`
		} `json:"target"`
	} `json:"resource"`
}

// averagesUse reports whether the metric is a resource's utilization, averaged over all containers of the pods.
func (m *metric) averagesUse() bool {
	target := &m.Resource.Target
	return m.Type == "Resource" && (target.Type == "Utilization" || target.AverageUtilization != 0)
}

// A sidecarContainer is a container that runs beside the app, and the resources that it requests.
type sidecarContainer struct {
	sidecar, container, app string
	requests                map[corev1.ResourceName]bool
}

// recordContainers records the containers of a sidecar. Those that run as long as the pod have an entry of their own,
// as utilization is averaged over them alone.
func (f *Footprint) recordContainers(a *sidecar.Answer) {
	for c := range a.Change.AllContainers() {
		f.ownContainers = append(f.ownContainers, c.Name)
	}
	for i := range a.Change.Containers {
		c := &a.Change.Containers[i]
		f.sidecars = append(f.sidecars, sidecarContainer{a.Name, c.Name, a.App.Name, requestedBy(c)})
	}
}

// recordOthers records the resources that the pod's other containers request.
func (f *Footprint) recordOthers(pod *corev1.PodSpec) {
	for c := range sidecar.PodContainers(pod) {
		isRun := sidecar.RunsWithPod(c) || slices.ContainsFunc(pod.Containers, func(o corev1.Container) bool {
			return o.Name == c.Name
		})
		if isRun && !slices.Contains(f.ownContainers, c.Name) {
			f.others = append(f.others, sidecarContainer{container: c.Name, requests: requestedBy(c)})
		}
	}
}

// requestedBy returns the resources that a container requests. Without a request, the limit is the request.
func requestedBy(c *corev1.Container) map[corev1.ResourceName]bool {
	all := map[corev1.ResourceName]bool{}
	for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
		for name := range list {
			all[name] = true
		}
	}
	return all
}

// checkAutoscalers finds HorizontalPodAutoscalers that stop working, or that measure something else, when a pod has one
// more container. Utilization is a share of what all containers request, and can't be computed as soon as one of them
// requests nothing (kubernetes pkg/controller/podautoscaler, calculatePodRequests).
func checkAutoscalers(s *scene, r *Result) {
	targets := map[sidecar.Ref]*Footprint{}
	namespaces, names := map[string]bool{}, map[string]bool{}
	for _, f := range s.footprints {
		if len(f.sidecars) > 0 && targets[f.Ref] == nil { // it scales the first of several pod templates
			targets[f.Ref], namespaces[f.Ref.Namespace], names[f.Ref.Name] = f, true, true
		}
	}
	if len(targets) == 0 {
		return
	}
	isNamed := func(name string) bool { return names[name] }
	for _, namespace := range slices.Sorted(maps.Keys(namespaces)) {
		if ranges := s.Objects(limitRangeKind, namespace, nil); len(ranges) > 0 {
			for ref, f := range targets {
				if ref.Namespace == namespace {
					f.addDefaultRequests(ranges)
				}
			}
		}
		for _, o := range s.Objects(rolloutKind, namespace, isNamed) {
			if from := o.Spec.(*rollout).WorkloadRef; from != nil && targets[from.ref(namespace)] != nil {
				targets[o.Ref], names[o.Ref.Name] = targets[from.ref(namespace)], true
			}
		}
		for _, o := range s.Objects(autoscalerKind, namespace, isNamed) {
			h := o.Spec.(*autoscaler)
			if f := targets[h.ScaleTargetRef.ref(namespace)]; f != nil {
				f.checkAutoscaler(&o, h, r)
			}
		}
		for _, o := range s.Objects(scaledObjects, namespace, isNamed) {
			k := o.Spec.(*scaledObject)
			if f := targets[k.target(namespace)]; f != nil {
				f.checkTriggers(&o, k, r)
			}
		}
	}
}

// addDefaultRequests adds what containers request because limit ranges of the namespace say so.
func (f *Footprint) addDefaultRequests(ranges []Object) {
	for c := range sidecar.PodContainers(withDefaults(f.admitted.after, ranges)) {
		for _, list := range [][]sidecarContainer{f.sidecars, f.others} {
			for i := range list {
				if list[i].container == c.Name {
					maps.Copy(list[i].requests, requestedBy(c))
				}
			}
		}
	}
}

// checkAutoscaler checks all metrics of a HorizontalPodAutoscaler.
func (f *Footprint) checkAutoscaler(o *Object, h *autoscaler, r *Result) {
	alone := func(name corev1.ResourceName, utilization int32) func(string) string {
		return func(app string) string {
			return fmt.Sprintf("{type: ContainerResource, containerResource: {name: %s, container: %s, target: "+
				"{type: Utilization, averageUtilization: %d}}}", name, app, cmp.Or(utilization, 80))
		}
	}
	if h.CPU != nil || len(h.Metrics) == 0 { // without a metric, the API server sets 80 % of the CPU
		f.checkScaling(o, corev1.ResourceCPU, "", alone(corev1.ResourceCPU, 0), r)
	}
	for i := range h.Metrics {
		if m := &h.Metrics[i]; m.averagesUse() {
			of := &m.Resource
			f.checkScaling(o, of.Name, fmt.Sprintf("spec.metrics[%d]", i), alone(of.Name, of.Target.AverageUtilization), r)
		}
	}
}

// checkTriggers checks all triggers of a ScaledObject.
func (f *Footprint) checkTriggers(o *Object, k *scaledObject, r *Result) {
	for i := range k.Triggers {
		if t := &k.Triggers[i]; t.averagesUse() {
			f.checkScaling(o, corev1.ResourceName(t.Type), fmt.Sprintf("spec.triggers[%d]", i), func(app string) string {
				return "metadata.containerName: " + app
			}, r)
		}
	}
}

// checkScaling checks each container of the sidecars against one resource whose utilization scales the workload. alone
// returns what to write in order to scale on the app's container alone.
func (f *Footprint) checkScaling(o *Object, name corev1.ResourceName, field string, alone func(string) string,
	r *Result) {
	for _, c := range f.sidecars {
		lacksToo := slices.IndexFunc(f.others, func(other sidecarContainer) bool { return !other.requests[name] })
		if !c.requests[name] && lacksToo >= 0 { // as before, unless something in the cluster gives all a request
			r.addFindings(sidecar.Finding{
				Severity: sidecar.Info, Code: "hpa-no-request", Object: o.Ref, Sidecar: c.sidecar, Field: field,
				Message: fmt.Sprintf("scales %s on its %s utilization, which can't be computed: container %s requests none, and "+
					"neither does container %s", f.Ref, name, f.others[lacksToo].container, c.container),
				Hint: fmt.Sprintf("set resources.requests.%s of both", name),
			})
			continue
		}
		if !c.requests[name] {
			r.addFindings(sidecar.Finding{
				Severity: sidecar.Error, Code: "hpa-no-request", Object: o.Ref, Sidecar: c.sidecar, Field: field,
				Message: fmt.Sprintf("scales %s on its %s utilization, which can't be computed because container %s requests none",
					f.Ref, name, c.container),
				Hint: fmt.Sprintf("set override.resources.requests.%s", name),
			})
			continue
		}
		r.addFindings(sidecar.Finding{
			Severity: sidecar.Info, Code: "hpa-averages-sidecar", Object: o.Ref, Sidecar: c.sidecar, Field: field,
			Message: fmt.Sprintf("%s utilization is now averaged over container %s, too", name, c.container),
			Hint:    "to scale on the app alone: " + alone(c.app),
		})
	}
}
