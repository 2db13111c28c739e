package sidecar

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// mergeKeys are the lists of a Container whose entries are told apart by a
// field; they are merged entry by entry, as the API server's strategic merge does.
var mergeKeys = map[string]string{
	"env":           "name",
	"ports":         "containerPort",
	"volumeMounts":  "mountPath",
	"volumeDevices": "devicePath",
}

// replaced are mappings of which only one kind of content may be set, so laying
// one over another would leave two.
var replaced = map[string]bool{
	"exec": true, "httpGet": true, "tcpSocket": true, "grpc": true, "sleep": true,
}

// OverlayContainer lays a partial container over one: fields that are set replace,
// mappings are merged, and so are lists whose entries have a key. A probe or hook
// of another kind replaces the one that was there.
func OverlayContainer(base corev1.Container, over *corev1.Container) (corev1.Container, error) {
	if over == nil {
		return base, nil
	}
	a, errA := decodeFields(base)
	b, errB := decodeFields(*over)
	if errA != nil || errB != nil {
		return base, fmt.Errorf("override can't be read: %v %v", errA, errB)
	}
	if b["name"] == "" {
		delete(b, "name")
	}
	raw, err := json.Marshal(overlayFields(a, b))
	if err != nil {
		return base, err
	}
	var out corev1.Container
	if err := json.Unmarshal(raw, &out); err != nil {
		return base, err
	}
	resources := OverlayResources(base.Resources, over.Resources)
	out.Resources.Requests, out.Resources.Limits = resources.Requests, resources.Limits
	return out, nil
}

// OverlayResources lays requests and limits over some. Where only one of both is
// written for a resource, the other one follows: no request is above its limit, and
// those that were equal, as in a pod of QoS class Guaranteed, stay it.
func OverlayResources(base, over corev1.ResourceRequirements) corev1.ResourceRequirements {
	out := *base.DeepCopy()
	equal := func(name corev1.ResourceName) bool {
		request, asked := base.Requests[name]
		limit, limited := base.Limits[name]
		return asked && limited && request.Cmp(limit) == 0
	}
	// lay writes into one list, and lets the other follow where what it has compares in
	// the wrong way, unless that is written, too.
	lay := func(mine, theirs *corev1.ResourceList, over, too corev1.ResourceList, wrong int) {
		for name, q := range over {
			if *mine == nil {
				*mine = corev1.ResourceList{}
			}
			(*mine)[name] = q
			have, there := (*theirs)[name]
			if _, written := too[name]; there && !written && (equal(name) || have.Cmp(q) == wrong) {
				(*theirs)[name] = q
			}
		}
	}
	lay(&out.Limits, &out.Requests, over.Limits, over.Requests, 1)
	lay(&out.Requests, &out.Limits, over.Requests, over.Limits, -1)
	return out
}

func decodeFields(c corev1.Container) (map[string]any, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(raw, &m)
}

func overlayFields(base, over map[string]any) map[string]any {
	for k := range over {
		if replaced[k] {
			for other := range base {
				if replaced[other] && other != k {
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
