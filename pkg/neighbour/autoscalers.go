package neighbour

import (
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// autoscalers looks at HorizontalPodAutoscalers that go by the use of what all
// containers of a pod request, ours among them. One without a request stops them
// (kubernetes pkg/controller/podautoscaler/replica_calculator.go).
func autoscalers(w *World, r *Result) {
	for _, h := range w.Objects["HorizontalPodAutoscaler"] {
		var spec autoscalingv2.HorizontalPodAutoscalerSpec
		if h.Is().Group != "autoscaling" || h.Decode(sidecar.Fields("spec"), &spec) != nil {
			continue
		}
		for _, l := range w.Laid {
			ref := l.Workload.Ref
			if ref.Namespace != h.Is().Namespace || spec.ScaleTargetRef.Name != ref.Name || spec.ScaleTargetRef.Kind != ref.Kind {
				continue
			}
			for _, m := range spec.Metrics {
				if m.Type != autoscalingv2.ResourceMetricSourceType || m.Resource == nil || m.Resource.Target.Type != autoscalingv2.UtilizationMetricType {
					continue
				}
				autoscaler(r, h, l, m.Resource)
			}
		}
	}
}

func autoscaler(r *Result, h Object, l Laid, m *autoscalingv2.ResourceMetricSource) {
	for _, a := range l.Asked {
		for _, c := range a.Change.Containers {
			_, requested := c.Resources.Requests[m.Name]
			_, limited := c.Resources.Limits[m.Name]
			if !requested && !limited {
				r.Findings = append(r.Findings, sidecar.Finding{Severity: sidecar.Error, Code: "hpa-no-request", Object: l.Workload.Ref, Sidecar: a.Name,
					Message: fmt.Sprintf("container %s requests no %s, and so %s would stop scaling", c.Name, m.Name, h.Is()), Hint: "give it a request by override.resources"})
				continue
			}
			r.Findings = append(r.Findings, sidecar.Finding{Severity: sidecar.Info, Code: "hpa-averages", Object: h.Is(), Sidecar: a.Name, Field: "spec.metrics",
				Message: fmt.Sprintf("the use of %s is averaged over container %s too", m.Name, c.Name),
				Hint:    "a metric of type ContainerResource for container " + a.App.Name + " goes by the app alone"})
		}
	}
}
