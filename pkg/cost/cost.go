// Package cost says what sidecars request of a cluster: how much more a pod requests, as the scheduler counts it, and
// how many pods there are.
package cost

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Request is what is requested of CPU and memory.
type Request struct{ CPU, Memory resource.Quantity }

// CountPod returns what a pod requests: the sum of its containers, or, where there is one, what the pod itself
// requests (KEP-2837).
func CountPod(pod *corev1.PodSpec) Request {
	return Request{countOne(pod, corev1.ResourceCPU), countOne(pod, corev1.ResourceMemory)}
}

func countOne(pod *corev1.PodSpec, name corev1.ResourceName) resource.Quantity {
	if pod.Resources != nil {
		if q, ok := pod.Resources.Requests[name]; ok {
			return q
		}
		if q, ok := pod.Resources.Limits[name]; ok { // the API server sets the request to it
			return q
		}
	}
	return sidecar.SumRequests(pod, name)
}

// CountAdded returns how much more a pod of a workload requests with sidecars.
func CountAdded(w *sidecar.Workload, answers []sidecar.Answer) Request {
	with := WithSidecars(w, answers)
	own := sidecar.ContainerNames(answers)
	isOwn := func(c corev1.Container) bool { return own[c.Name] }
	without := corev1.PodSpec{Resources: with.Resources,
		InitContainers: slices.DeleteFunc(slices.Clone(with.InitContainers), isOwn),
		Containers:     slices.DeleteFunc(slices.Clone(with.Containers), isOwn)}
	if with.Resources != nil {
		with.Resources = sidecar.RaiseResources(with)
	}
	added, before := CountPod(with), CountPod(&without)
	added.CPU.Sub(before.CPU)
	added.Memory.Sub(before.Memory)
	return added
}

// WithSidecars returns the containers of a pod with those of sidecars, in the order in which they start.
func WithSidecars(w *sidecar.Workload, answers []sidecar.Answer) *corev1.PodSpec {
	n := len(w.Pod.Spec.Containers)
	for i := range answers {
		n += len(answers[i].Change.Containers)
	}
	with := corev1.PodSpec{Resources: w.Pod.Spec.Resources, Containers: make([]corev1.Container, 0, n)}
	own := sidecar.ContainerNames(answers)
	inits := map[string]corev1.Container{}
	for _, c := range w.Pod.Spec.InitContainers {
		inits[c.Name] = c
	}
	for _, c := range w.Pod.Spec.Containers {
		if !own[c.Name] {
			with.Containers = append(with.Containers, c)
		}
	}
	for i := range answers {
		a := &answers[i]
		for _, c := range a.Change.InitContainers {
			inits[c.Name] = c
		}
		for _, c := range a.Change.Containers {
			if a.Placement != sidecar.Native {
				with.Containers = append(with.Containers, c)
				continue
			}
			c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
			inits[c.Name] = c
		}
	}
	for _, in := range merge.InitOrder(w, answers) {
		if c, ok := inits[in.Name]; ok {
			with.InitContainers = append(with.InitContainers, c)
			delete(inits, in.Name)
		}
	}
	return &with
}

// IsZero reports whether nothing is requested.
func (r Request) IsZero() bool { return r.CPU.IsZero() && r.Memory.IsZero() }

// times returns what so many pods request.
func (r Request) times(pods int64) Request {
	out := Request{r.CPU.DeepCopy(), r.Memory.DeepCopy()}
	out.CPU.Mul(pods)
	out.Memory.Mul(pods)
	return out
}

// plus returns the sum of two requests.
func (r Request) plus(other Request) Request {
	out := Request{r.CPU.DeepCopy(), r.Memory.DeepCopy()}
	out.CPU.Add(other.CPU)
	out.Memory.Add(other.Memory)
	return out
}

// String returns a request for people: 10m CPU, 24Mi.
func (r Request) String() string {
	var parts []string
	if cpu := r.CPU; !cpu.IsZero() {
		if cpu.Cmp(huge) < 0 {
			cpu = *resource.NewMilliQuantity(cpu.MilliValue(), resource.DecimalSI)
		}
		parts = append(parts, cpu.String()+" CPU")
	}
	if memory := r.Memory; !memory.IsZero() {
		if memory.Cmp(huge) < 0 {
			memory = *resource.NewQuantity(roundUp(memory.Value()), resource.BinarySI)
		}
		parts = append(parts, memory.String())
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// huge is more than anybody has, and its thousandths are a number still.
var huge = resource.MustParse("1P")

const mebibyte = 1 << 20

// roundUp returns a number of bytes as whole mebibytes, unless it's less than one.
func roundUp(bytes int64) int64 {
	if rest := bytes % mebibyte; rest > 0 && bytes > mebibyte {
		return bytes - rest + mebibyte
	}
	return bytes
}
