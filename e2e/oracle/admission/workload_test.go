package admission

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// An object is a decoded manifest.
type object = map[string]any

var kinds = []string{"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"}

// decodeStream decodes a stream of manifests.
func decodeStream(t *testing.T, stream string) (all []object) {
	t.Helper()
	for _, text := range strings.Split("\n"+stream, "\n---\n") {
		var o object
		require.NoError(t, yaml.Unmarshal([]byte(text), &o))
		if o != nil {
			all = append(all, o)
		}
	}
	return all
}

func encodeStream(t *testing.T, all []object) string {
	t.Helper()
	var b strings.Builder
	for _, o := range all {
		text, err := yaml.Marshal(o)
		require.NoError(t, err)
		b.WriteString("---\n" + string(text))
	}
	return b.String()
}

func clone(t *testing.T, o object) (out object) {
	t.Helper()
	raw, err := json.Marshal(o)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// at returns the mapping at a path, which is made where it's missing.
func at(o object, path ...string) object {
	for _, field := range path {
		next, ok := o[field].(object)
		if !ok {
			next = object{}
			o[field] = next
		}
		o = next
	}
	return o
}

// templateOf returns the pod template of a workload, or nil.
func templateOf(o object) object {
	spec, _ := o["spec"].(object)
	if job, ok := spec["jobTemplate"].(object); ok {
		spec, _ = job["spec"].(object)
	}
	template, _ := spec["template"].(object)
	pod, _ := template["spec"].(object)
	if _, ok := pod["containers"].([]any); !ok {
		return nil
	}
	return template
}

func nameOf(o object) string { return at(o, "metadata")["name"].(string) }

func namespaceOf(o object) string {
	if namespace, ok := at(o, "metadata")["namespace"].(string); ok {
		return namespace
	}
	return "default"
}

// namespacesOf returns the namespaces of objects but default.
func namespacesOf(all []object) (names []string) {
	for _, o := range all {
		names = append(names, namespaceOf(o))
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "default" })
}

func containersOf(pod object, list string) []any {
	all, _ := pod[list].([]any)
	return all
}

// names returns the names of all containers of a workload.
func names(o object) (all []string) {
	pod := at(templateOf(o), "spec")
	for _, list := range []string{"initContainers", "containers"} {
		for _, c := range containersOf(pod, list) {
			all = append(all, c.(object)["name"].(string))
		}
	}
	return all
}

// toKind returns a workload as one of another kind.
func toKind(t *testing.T, o object, kind string) object {
	t.Helper()
	o = clone(t, o)
	template := templateOf(o)
	labels := at(template, "metadata", "labels")
	if len(labels) == 0 {
		labels["app"] = nameOf(o)
	}
	pod := at(template, "spec")
	selector := object{"matchLabels": maps.Clone(labels)}
	out := object{"apiVersion": "apps/v1", "kind": kind, "metadata": o["metadata"],
		"spec": object{"template": template, "selector": selector}}
	switch kind {
	case "StatefulSet":
		at(out, "spec")["serviceName"] = nameOf(o)
	case "Job":
		pod["restartPolicy"] = "Never"
		out["apiVersion"] = "batch/v1"
		delete(at(out, "spec"), "selector")
	case "CronJob":
		pod["restartPolicy"] = "Never"
		out["apiVersion"] = "batch/v1"
		out["spec"] = object{"schedule": "@daily", "jobTemplate": object{"spec": object{"template": template}}}
	}
	if _, job := o["spec"].(object)["jobTemplate"]; kind != "Job" && kind != "CronJob" &&
		(job || pod["restartPolicy"] == "Never" || pod["restartPolicy"] == "OnFailure") {
		pod["restartPolicy"] = "Always"
	}
	return out
}

// podOf returns a pod as the controller of a workload makes it.
func podOf(t *testing.T, o object) object {
	t.Helper()
	template := clone(t, templateOf(o))
	at(template, "metadata")["name"], at(template, "metadata")["namespace"] = nameOf(o)+"-x7k2p", namespaceOf(o)
	return object{"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]}
}

// podIn returns the spec of the pod in a workload or a pod.
func podIn(o object) object {
	if template := templateOf(o); template != nil {
		return at(template, "spec")
	}
	return at(o, "spec")
}

// visitAdded visits containers of these names.
func visitAdded(o object, added []string, visit func(c object)) {
	for _, list := range []string{"initContainers", "containers"} {
		for _, c := range containersOf(podIn(o), list) {
			if c := c.(object); slices.Contains(added, c["name"].(string)) {
				visit(c)
			}
		}
	}
}

// move moves containers of these names from one list to the other.
func move(o object, added []string, from, to string) {
	pod := podIn(o)
	var stay []any
	target := containersOf(pod, to)
	for _, c := range containersOf(pod, from) {
		if slices.Contains(added, c.(object)["name"].(string)) {
			delete(c.(object), "restartPolicy")
			target = append(target, c)
		} else {
			stay = append(stay, c)
		}
	}
	pod[from], pod[to] = stay, target
}

// typed returns an object of the API's own type.
func typed(t *testing.T, o object) runtime.Object {
	t.Helper()
	text, err := json.Marshal(o)
	require.NoError(t, err)
	all, err := Decode(string(text))
	require.NoError(t, err, string(text))
	require.Len(t, all, 1)
	return all[0]
}
