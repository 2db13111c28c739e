package sidecar

import (
	"encoding/json"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// mergeKeys are the lists of a Container that have a key field. They are merged entry by
// entry, as in the API server's strategic merge.
var mergeKeys = map[string]string{
	"env":           "name",
	"ports":         "containerPort",
	"volumeMounts":  "mountPath",
	"volumeDevices": "devicePath",
}

// handlers are the kinds of a probe or hook. Only one of them may be set, so an override
// with one kind replaces another.
var handlers = map[string]bool{
	"exec": true, "httpGet": true, "tcpSocket": true, "grpc": true, "sleep": true,
}

// OverlayContainer applies a partial container to another one. Its fields replace those of
// the base, but mappings are merged, and so are lists with a key field. A probe or hook
// of another kind replaces the existing one. What is null is removed from the base.
func OverlayContainer(base corev1.Container, over *corev1.Container, nulls Nulls) (corev1.Container, error) {
	if over == nil {
		return base, nil
	}
	a, errA := decodeFields(base)
	b, errB := EncodeOverride(*over, nulls)
	if errA != nil || errB != nil {
		return base, fmt.Errorf("override can't be read: %v %v", errA, errB)
	}
	removeNulls(a, b)
	var rest corev1.Container
	if err := encodeFields(a, &rest); err != nil {
		return base, err
	}
	var out corev1.Container
	if err := encodeFields(overlayFields(a, dropNulls(b)), &out); err != nil {
		return base, err
	}
	resources := OverlayResources(rest.Resources, over.Resources)
	out.Resources.Requests, out.Resources.Limits = resources.Requests, resources.Limits
	return out, nil
}

// OverlayResources applies requests and limits to others. If only the request or only the
// limit of a resource is given, the other one may change with it: no request is above its
// limit, and equal ones, as in a pod of QoS class Guaranteed, stay equal.
func OverlayResources(base, over corev1.ResourceRequirements) corev1.ResourceRequirements {
	out := *base.DeepCopy()
	equal := func(name corev1.ResourceName) bool {
		request, requested := base.Requests[name]
		limit, limited := base.Limits[name]
		return requested && limited && request.Cmp(limit) == 0
	}
	// apply writes quantities into one list. The other list gets them, too, if its quantity
	// was equal or compares in the wrong way, unless the override has one for it.
	apply := func(list, other *corev1.ResourceList, over, overOther corev1.ResourceList, wrong int) {
		for name, q := range over {
			if *list == nil {
				*list = corev1.ResourceList{}
			}
			(*list)[name] = q
			have, there := (*other)[name]
			if _, given := overOther[name]; there && !given && (equal(name) || have.Cmp(q) == wrong) {
				(*other)[name] = q
			}
		}
	}
	apply(&out.Limits, &out.Requests, over.Limits, over.Requests, 1)
	apply(&out.Requests, &out.Limits, over.Requests, over.Limits, -1)
	return out
}

// CompleteResources applies requests and limits to others as [OverlayResources] does, but only those of which there are
// none: no limit of the resource, and for a request neither.
func CompleteResources(base, over corev1.ResourceRequirements) corev1.ResourceRequirements {
	isLimited := func(name corev1.ResourceName, _ resource.Quantity) bool {
		_, limited := base.Limits[name]
		return limited
	}
	limits, requests := maps.Clone(over.Limits), maps.Clone(over.Requests)
	maps.DeleteFunc(limits, isLimited)
	maps.DeleteFunc(requests, func(name corev1.ResourceName, q resource.Quantity) bool {
		_, requested := base.Requests[name]
		return requested || isLimited(name, q)
	})
	return OverlayResources(base, corev1.ResourceRequirements{Limits: limits, Requests: requests})
}

func decodeFields(c corev1.Container) (map[string]any, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(raw, &m)
}

func encodeFields(fields map[string]any, c *corev1.Container) error {
	raw, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, c)
}

func overlayFields(base, over map[string]any) map[string]any {
	for k := range over {
		if handlers[k] {
			for other := range base {
				if handlers[other] && other != k {
					delete(base, other)
				}
			}
		}
	}
	for k, v := range over {
		switch v := v.(type) {
		case map[string]any:
			if b, ok := base[k].(map[string]any); ok {
				base[k] = overlayFields(b, v)
				continue
			}
		case []any:
			if b, ok := base[k].([]any); ok && mergeKeys[k] != "" {
				base[k] = overlayList(b, v, mergeKeys[k])
				continue
			}
		}
		base[k] = v
	}
	return base
}

func overlayList(base, over []any, key string) []any {
next:
	for _, o := range over {
		m, _ := o.(map[string]any)
		for i, b := range base {
			if bm, _ := b.(map[string]any); bm != nil && bm[key] == m[key] {
				if key == "name" { // an env variable has either value or valueFrom
					base[i] = m
				} else {
					base[i] = overlayFields(bm, m)
				}
				continue next
			}
		}
		base = append(base, o)
	}
	return base
}
