package sidecar

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// SumRequests returns what the containers of a pod request of one resource together. Containers and native sidecars
// count for its whole life. Other init containers run one after the other, each beside the native sidecars before it:
// only the largest counts, if it's more than all that runs later. (k8s.io/component-helpers/resource,
// AggregateContainerRequests)
func SumRequests(pod *corev1.PodSpec, name corev1.ResourceName) resource.Quantity {
	return sumResources(pod, func(c *corev1.Container) resource.Quantity {
		if q, ok := c.Resources.Requests[name]; ok {
			return q
		}
		return c.Resources.Limits[name] // the API server sets a missing request to it
	})
}

// SumLimits returns what the containers of a pod may use of one resource together, counted as
// [SumRequests] does. Containers without a limit don't count.
func SumLimits(pod *corev1.PodSpec, name corev1.ResourceName) resource.Quantity {
	return sumResources(pod, func(c *corev1.Container) resource.Quantity { return c.Resources.Limits[name] })
}

func sumResources(pod *corev1.PodSpec, of func(*corev1.Container) resource.Quantity) resource.Quantity {
	var all, native, most resource.Quantity
	for i := range pod.Containers {
		all.Add(of(&pod.Containers[i]))
	}
	for i := range pod.InitContainers {
		c := &pod.InitContainers[i]
		now := of(c).DeepCopy()
		now.Add(native)
		if RunsWithPod(c) {
			native = now.DeepCopy()
		}
		if now.Cmp(most) > 0 {
			most = now
		}
	}
	if all.Add(native); most.Cmp(all) > 0 {
		return most
	}
	return all
}

// A RaisedResource is a request or limit of a whole pod that is too low for its containers.
type RaisedResource struct {
	List     string // requests or limits
	Name     corev1.ResourceName
	Was, Now resource.Quantity
}

// RaisedResources returns what a pod's own resources (KEP-2837) must become for the API server: no request below the
// sum of what the containers request, no limit below the request or the limit of a container. A pod that is
// Guaranteed by its own resources stays so. What the pod doesn't set stays unset.
func RaisedResources(pod *corev1.PodSpec) (all []RaisedResource) {
	if pod.Resources == nil {
		return nil
	}
	requests, limits := pod.Resources.Requests, pod.Resources.Limits
	keepEqual := limitsEqualRequests(pod.Resources)
	names := slices.AppendSeq(slices.Collect(maps.Keys(requests)), maps.Keys(limits))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		request, requested := requests[name]
		limit, limited := limits[name]
		least := SumRequests(pod, name)
		if requested {
			least = moreOf(request, least)
		}
		most := moreOf(moreOf(limit, least), leastLimit(pod, name))
		if keepEqual || isHugePages(name) && requested && limited {
			least = most
		}
		if requested && request.Cmp(least) < 0 {
			all = append(all, RaisedResource{"requests", name, request, least})
		}
		if limited && limit.Cmp(most) < 0 {
			all = append(all, RaisedResource{"limits", name, limit, most})
		}
	}
	return all
}

// RaiseResources returns the pod's own resources, raised as [RaisedResources] says.
func RaiseResources(pod *corev1.PodSpec) *corev1.ResourceRequirements {
	own := pod.Resources.DeepCopy()
	for _, r := range RaisedResources(pod) {
		list := own.Requests
		if r.List == "limits" {
			list = own.Limits
		}
		list[r.Name] = r.Now
	}
	return own
}

// limitsEqualRequests reports whether that gives a pod the QoS class Guaranteed.
func limitsEqualRequests(r *corev1.ResourceRequirements) bool {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		limit, limited := r.Limits[name]
		request, requested := r.Requests[name]
		if !limited || !requested || request.Cmp(limit) != 0 {
			return false
		}
	}
	return true
}

// isHugePages reports whether limits and requests of a resource must be equal.
func isHugePages(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

// leastLimit returns the largest limit of a container. Huge pages can't be overcommitted, so there it's the sum
// of all (k8s.io/kubernetes/pkg/apis/core/validation, validatePodResourceConsistency).
func leastLimit(pod *corev1.PodSpec, name corev1.ResourceName) (most resource.Quantity) {
	if isHugePages(name) {
		return SumLimits(pod, name)
	}
	for c := range PodContainers(pod) {
		most = moreOf(most, c.Resources.Limits[name])
	}
	return most
}

// ReadQuantity reads a quantity of a resource as a manifest has it: a text or a number. It returns false if the value
// isn't a quantity that fits into 64 bits.
func ReadQuantity(v any) (resource.Quantity, bool) {
	switch v.(type) {
	case string, json.Number:
		text := fmt.Sprint(v)
		if HasLongExponent(text) || HasLongNumber(text) {
			return resource.Quantity{}, false
		}
		q, err := resource.ParseQuantity(text)
		return q, err == nil
	}
	return resource.Quantity{}, false
}

// CompareQuantity reports whether a manifest has a quantity, however it's written. isQuantity is false if want isn't a
// resource.Quantity.
func CompareQuantity(have, want any) (same, isQuantity bool) {
	q, isQuantity := want.(resource.Quantity)
	if !isQuantity {
		return false, false
	}
	written, fits := ReadQuantity(have)
	return fits && written.Cmp(q) == 0, true
}

// HasLongExponent reports whether a number has an exponent of three digits or more, as
// 1e474031877. A quantity that fits into 64 bits has none. The library that reads and
// compares them (k8s.io/apimachinery, pkg/api/resource) takes hours, as it writes out all of
// the digits.
func HasLongExponent(number string) bool {
	at := strings.IndexAny(number, "eE")
	return at >= 0 && len(strings.Trim(strings.TrimLeft(number[at+1:], "+-0"), `"`)) > 2
}

// HasLongNumber reports whether a number has more than 100 characters, for which the library takes the square of the
// time. A quantity that fits into 64 bits has far fewer.
func HasLongNumber(number string) bool { return len(number) > 100 }

func moreOf(a, b resource.Quantity) resource.Quantity {
	if b.Cmp(a) > 0 {
		return b
	}
	return a
}
