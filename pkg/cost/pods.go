package cost

import (
	"fmt"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Pods is how many pods a workload has.
type Pods struct {
	Count int64
	Per   string // "": at any time; else of what: node, run, pod
}

// CountPods returns how many pods a workload has. replicas and parallelism are those of the manifest, and least is
// what an autoscaler keeps at least; nil where nobody says.
func CountPods(ref sidecar.Ref, replicas, parallelism, least *int32) Pods {
	count := func(n *int32) int64 {
		if n == nil {
			return 1 // as the API server sets it
		}
		return max(0, int64(*n))
	}
	kind := ref.Kind
	if kind == "Job" && ref.Group != "batch" {
		kind = "" // its tasks have replicas
	}
	switch kind {
	case "DaemonSet":
		return Pods{1, "node"}
	case "CronJob":
		return Pods{count(parallelism), "run"}
	case "Job":
		return Pods{count(parallelism), ""}
	case "PodTemplate":
		return Pods{1, "pod"}
	}
	switch {
	case replicas != nil && *replicas == 0: // it isn't scaled then
		return Pods{0, ""}
	case least != nil:
		return Pods{count(least), ""}
	case replicas == nil && !hasReplicas[ref.Group+"/"+ref.Kind] && ref.Kind != "Pod":
		return Pods{1, "pod"} // a custom resource
	}
	return Pods{count(replicas), ""}
}

// hasReplicas are the kinds of Kubernetes itself of which there is one pod by default.
var hasReplicas = map[string]bool{
	"apps/Deployment": true, "apps/StatefulSet": true, "apps/ReplicaSet": true, "/ReplicationController": true,
	"extensions/Deployment": true, "extensions/ReplicaSet": true,
}

// Describe returns what pods request together, as in "requests 3 x (10m CPU, 24Mi)".
func (p Pods) Describe(each Request) string {
	text := each.String()
	if p.Count != 1 && !each.IsZero() {
		text = fmt.Sprintf("%d x (%s)", p.Count, text)
	}
	if each.IsZero() {
		return "requests nothing more"
	}
	if p.Per != "" {
		text += " per " + p.Per
	}
	return "requests " + text
}

// A Sum is what all workloads of a run request.
type Sum struct {
	workloads, skipped int
	pods               int64
	total              Request
	per                map[string]Request
}

// AddWorkload counts a workload with sidecars.
func (s *Sum) AddWorkload(p Pods, each Request) {
	s.workloads++
	if p.Per == "" {
		s.pods += p.Count
		s.total = s.total.plus(each.times(p.Count))
		return
	}
	if s.per == nil {
		s.per = map[string]Request{}
	}
	s.per[p.Per] = s.per[p.Per].plus(each.times(p.Count))
}

// AddSkipped counts a workload that gets no sidecar.
func (s *Sum) AddSkipped() { s.skipped++ }

// String returns the last line of a report; "" where there is one workload alone.
func (s *Sum) String() string {
	if s.workloads+s.skipped < 2 {
		return ""
	}
	text := fmt.Sprintf("total: %s with sidecars", countOf(int64(s.workloads), "workload"))
	if s.skipped > 0 {
		text += fmt.Sprintf(", %d without", s.skipped)
	}
	var parts []string
	if s.pods > 0 && !s.total.IsZero() {
		parts = append(parts, fmt.Sprintf("%s in %s", s.total, countOf(s.pods, "pod")))
	}
	for _, of := range []string{"node", "run", "pod"} {
		if r, ok := s.per[of]; ok && !r.IsZero() {
			parts = append(parts, fmt.Sprintf("%s per %s", r, of))
		}
	}
	for i, part := range parts {
		text += map[bool]string{true: "; requests ", false: "; "}[i == 0] + part
	}
	return text
}

func countOf(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
