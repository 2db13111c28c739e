package neighbour

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var autoscalerKind = Kind{"autoscaling", "HorizontalPodAutoscaler"}

// autoscaler is what we look at of a HorizontalPodAutoscaler of v1 or v2.
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

// A sidecarContainer is a container that runs beside the app, and what it has requests for.
type sidecarContainer struct {
	sidecar, container, app string
	requests                map[corev1.ResourceName]bool
}

// recordContainers takes down the containers of a sidecar that run as long as the pod: only
// those are averaged over.
func (s *Footprint) recordContainers(a *sidecar.Answer) {
	for c := range a.Change.AllContainers() {
		s.ownContainers = append(s.ownContainers, c.Name)
	}
	for i := range a.Change.Containers {
		c := &a.Change.Containers[i]
		z := sidecarContainer{a.Name, c.Name, a.App.Name, map[corev1.ResourceName]bool{}}
		// a limit alone is the request, too
		for _, set := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
			for name := range set {
				z.requests[name] = true
			}
		}
		s.sidecars = append(s.sidecars, z)
	}
}

// checkAutoscalers finds HorizontalPodAutoscalers that stop to work, or that measure
// something else, when a pod has one container more: utilisation is a part of what
// all containers request, and unknown as soon as one of them requests nothing
// (kubernetes pkg/controller/podautoscaler, calculatePodRequests).
func checkAutoscalers(s *scene, r *Result) {
	targets := map[sidecar.Ref]*Footprint{}
	spaces, names := map[string]bool{}, map[string]bool{}
	for _, w := range s.footprints {
		if len(w.sidecars) > 0 {
			targets[w.Ref], spaces[w.Ref.Namespace], names[w.Ref.Name] = w, true, true
		}
	}
	if len(targets) == 0 {
		return
	}
	var all []Object
	for _, space := range slices.Sorted(maps.Keys(spaces)) {
		all = append(all, s.Objects(autoscalerKind, space, func(name string) bool { return names[name] })...)
	}
	for _, o := range all {
		h := o.Spec.(*autoscaler)
		group, _, ok := strings.Cut(h.ScaleTargetRef.APIVersion, "/")
		if !ok {
			group = ""
		}
		w := targets[sidecar.Ref{Group: group, Kind: h.ScaleTargetRef.Kind, Namespace: o.Ref.Namespace,
			Name: h.ScaleTargetRef.Name}]
		if w == nil {
			continue
		}
		if h.CPU != nil || len(h.Metrics) == 0 { // nothing said is 80% of the CPU
			w.checkScaling(&o, corev1.ResourceCPU, 0, -1, r)
		}
		for i := range h.Metrics {
			if m := &h.Metrics[i]; m.Type == "Resource" && (m.Resource.Target.Type == "Utilization" ||
				m.Resource.Target.AverageUtilization != 0) {
				w.checkScaling(&o, m.Resource.Name, m.Resource.Target.AverageUtilization, i, r)
			}
		}
	}
}

// checkScaling looks at one resource by whose use a workload is scaled.
func (s *Footprint) checkScaling(o *Object, name corev1.ResourceName, use int32, i int, r *Result) {
	field := ""
	if i >= 0 {
		field = fmt.Sprintf("spec.metrics[%d]", i)
	}
	if use == 0 {
		use = 80
	}
	for _, z := range s.sidecars {
		f := sidecar.Finding{Severity: sidecar.Error, Code: "hpa-no-request", Object: o.Ref, Sidecar: z.sidecar, Field: field}
		if !z.requests[name] {
			f.Message = fmt.Sprintf("scales %s by its use of %s, which is unknown as soon as one container requests none: %s "+
				"doesn't", s.Ref, name, z.container)
			f.Hint = fmt.Sprintf("give it one by override.resources.requests.%s", name)
			r.addFindings(f)
			continue
		}
		f.Severity, f.Code = sidecar.Info, "hpa-averages-sidecar"
		f.Message = fmt.Sprintf("the use of %s is averaged over %s, too", name, z.container)
		f.Hint = fmt.Sprintf("to scale by the app alone: {type: ContainerResource, containerResource: {name: %s, "+
			"container: %s, target: {type: Utilization, averageUtilization: %d}}}", name, z.app, use)
		r.addFindings(f)
	}
}
