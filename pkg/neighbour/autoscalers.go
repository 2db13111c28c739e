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

var autoscalerKind = Kind{"autoscaling", "HorizontalPodAutoscaler"}

// autoscaler holds the fields of a HorizontalPodAutoscaler, v1 or v2, that are read here.
type autoscaler struct {
	ScaleTargetRef struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Name       string `json:"name"`
	} `json:"scaleTargetRef"`
	CPU     *int32   `json:"targetCPUUtilizationPercentage"` // v1
	Metrics []metric `json:"metrics"`                        // v2
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
		own := sidecarContainer{a.Name, c.Name, a.App.Name, map[corev1.ResourceName]bool{}}
		// without a request, the limit is the request
		for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
			for name := range list {
				own.requests[name] = true
			}
		}
		f.sidecars = append(f.sidecars, own)
	}
}

// checkAutoscalers finds HorizontalPodAutoscalers that stop working, or that measure something else, when a pod has one
// more container. Utilization is a share of what all containers request, and can't be computed as soon as one of them
// requests nothing (kubernetes pkg/controller/podautoscaler, calculatePodRequests).
func checkAutoscalers(s *scene, r *Result) {
	targets := map[sidecar.Ref]*Footprint{}
	namespaces, names := map[string]bool{}, map[string]bool{}
	for _, f := range s.footprints {
		if len(f.sidecars) > 0 {
			targets[f.Ref], namespaces[f.Ref.Namespace], names[f.Ref.Name] = f, true, true
		}
	}
	if len(targets) == 0 {
		return
	}
	var all []Object
	for _, namespace := range slices.Sorted(maps.Keys(namespaces)) {
		all = append(all, s.Objects(autoscalerKind, namespace, func(name string) bool { return names[name] })...)
	}
	for _, o := range all {
		h := o.Spec.(*autoscaler)
		group, _, ok := strings.Cut(h.ScaleTargetRef.APIVersion, "/")
		if !ok {
			group = ""
		}
		f := targets[sidecar.Ref{
			Group: group, Kind: h.ScaleTargetRef.Kind, Namespace: o.Ref.Namespace, Name: h.ScaleTargetRef.Name,
		}]
		if f == nil {
			continue
		}
		if h.CPU != nil || len(h.Metrics) == 0 { // without a metric, the API server sets 80 % of the CPU
			f.checkScaling(&o, corev1.ResourceCPU, 0, "", r)
		}
		for i := range h.Metrics {
			if m := &h.Metrics[i]; m.averagesUse() {
				field := fmt.Sprintf("spec.metrics[%d]", i)
				f.checkScaling(&o, m.Resource.Name, m.Resource.Target.AverageUtilization, field, r)
			}
		}
	}
}

// checkScaling checks each container of the sidecars against one resource whose utilization scales the workload.
func (f *Footprint) checkScaling(o *Object, name corev1.ResourceName, utilization int32, field string, r *Result) {
	for _, c := range f.sidecars {
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
			Hint: fmt.Sprintf("to scale on the app alone: {type: ContainerResource, containerResource: {name: %s, "+
				"container: %s, target: {type: Utilization, averageUtilization: %d}}}", name, c.app, cmp.Or(utilization, 80)),
		})
	}
}
