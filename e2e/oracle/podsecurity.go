package oracle

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// levels of Pod Security, the strictest first.
var levels = []api.Level{api.LevelRestricted, api.LevelBaseline, api.LevelPrivileged}

// security is what the admission plugin PodSecurity judges by.
var security = sync.OnceValue(func() policy.Evaluator {
	e, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic(fmt.Sprintf("Pod Security's own checks: %v", err))
	}
	return e
})

// podsOf returns the pod templates of manifests, by object.
func podsOf(manifests string) map[string]*corev1.PodTemplateSpec {
	all := map[string]*corev1.PodTemplateSpec{}
	for _, d := range readDocuments(manifests) {
		if d.err != nil {
			continue // Check tells
		}
		var found struct{ Template corev1.PodTemplateSpec }
		if d.GetKind() == "Pod" {
			if json.Unmarshal(d.raw, &found.Template) == nil {
				all[d.String()] = &found.Template
			}
		} else if _, template, ok := d.podTemplate(); ok && json.Unmarshal(template.raw, &found) == nil {
			all[d.String()] = &found.Template
		}
	}
	return all
}

// strictestLevel is the one that admits a pod, and what the next stricter one has against it.
func strictestLevel(pod *corev1.PodTemplateSpec) (is api.Level, why string) {
	for _, l := range levels {
		if found := findForbidden(l, pod); found != "" {
			why = fmt.Sprintf("%s: %s", l, found)
			continue
		}
		return l, why
	}
	return api.LevelPrivileged, why
}

// findForbidden is what a level has against a pod, in the words of the latest version.
func findForbidden(l api.Level, pod *corev1.PodTemplateSpec) string {
	latest := api.LevelVersion{Level: l, Version: api.LatestVersion()}
	result := policy.AggregateCheckResults(security().EvaluatePod(latest, &pod.ObjectMeta, &pod.Spec))
	return result.ForbiddenDetail()
}

// isSpelledOut reports whether a container is among the names, or begins with one that ends in a hyphen.
func isSpelledOut(container string, names map[string]bool) bool {
	for at := range len(container) {
		if container[at] == '-' && names[container[:at+1]] {
			return true
		}
	}
	return names[container]
}

// Insecure is what Pod Security has against manifests after a run of outrigger: pods
// whose level is lower than before it, and containers that were added and don't pass
// restricted by themselves, whatever the rest of the pod is. The names are of
// containers, and of kernel settings, whose names have dots, that a person has spelled
// out: they aren't outrigger's to answer for.
func Insecure(before, after string, spelledOut map[string]bool) []string {
	var found []string
	had := podsOf(before)
	for object, pod := range podsOf(after) {
		was := had[object]
		if was == nil {
			continue // renamed on the way: judged by its containers elsewhere
		}
		pod = withoutContainers(pod, func(c string) bool { return isSpelledOut(c, spelledOut) && !hasContainer(was, c) })
		if sc := pod.Spec.SecurityContext; sc != nil {
			sc.Sysctls = slices.DeleteFunc(sc.Sysctls, func(s corev1.Sysctl) bool { return spelledOut[s.Name] })
		}
		wasLevel, _ := strictestLevel(was)
		if is, why := strictestLevel(pod); stricter(wasLevel, is) {
			found = append(found, fmt.Sprintf("%s: was %s and is %s: %s", object, wasLevel, is, why))
		}
		alone := withoutContainers(pod, func(c string) bool { return hasContainer(was, c) })
		alone.Spec.SecurityContext = nil // what it inherits may be taken away
		alone.Spec.Volumes = addedVolumes(was.Spec.Volumes, pod.Spec.Volumes)
		dropInheritedPorts(was, alone)
		alone.Spec.HostNetwork, alone.Spec.HostPID, alone.Spec.HostIPC = false, false, false
		if len(alone.Spec.Containers)+len(alone.Spec.InitContainers) == 0 {
			continue
		}
		if why := findForbidden(api.LevelRestricted, alone); why != "" {
			found = append(found, fmt.Sprintf("%s: what was added isn't restricted: %s", object, why))
		}
	}
	return found
}

// dropInheritedPorts takes ports of the node away from containers that have them from the
// app, whose port they took over.
func dropInheritedPorts(was, pod *corev1.PodTemplateSpec) {
	had := map[int32]bool{}
	for _, c := range was.Spec.Containers {
		for _, p := range c.Ports {
			had[p.HostPort] = true
		}
	}
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			for j := range list[i].Ports {
				if p := &list[i].Ports[j]; had[p.HostPort] {
					p.HostPort = 0
				}
			}
		}
	}
}

func stricter(a, b api.Level) bool { return rankOf(a) < rankOf(b) }

func rankOf(l api.Level) int {
	for i := range levels {
		if levels[i] == l {
			return i
		}
	}
	return len(levels)
}

func hasContainer(pod *corev1.PodTemplateSpec, container string) bool {
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for _, c := range list {
			if c.Name == container {
				return true
			}
		}
	}
	return false
}

// withoutContainers is a pod that lacks some of its containers.
func withoutContainers(pod *corev1.PodTemplateSpec, drop func(name string) bool) *corev1.PodTemplateSpec {
	out := pod.DeepCopy()
	out.Spec.Containers, out.Spec.InitContainers = nil, nil
	for _, c := range pod.Spec.Containers {
		if !drop(c.Name) {
			out.Spec.Containers = append(out.Spec.Containers, c)
		}
	}
	for _, c := range pod.Spec.InitContainers {
		if !drop(c.Name) {
			out.Spec.InitContainers = append(out.Spec.InitContainers, c)
		}
	}
	return out
}

// addedVolumes are the volumes that weren't there.
func addedVolumes(before, after []corev1.Volume) (out []corev1.Volume) {
	names := map[string]bool{}
	for _, v := range before {
		names[v.Name] = true
	}
	for _, v := range after {
		if !names[v.Name] {
			out = append(out, v)
		}
	}
	return out
}

// hardenPods gives each pod of a stream what level restricted demands, as the people do
// who run in such a namespace.
func hardenPods(manifests string) (string, error) {
	var b strings.Builder
	for _, d := range readDocuments(manifests) {
		if d.err != nil {
			return "", d.err
		}
		for _, at := range append(templates, "") {
			hardenPod(d.Object, at)
		}
		text, err := yaml.Marshal(d.Object)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "---\n%s", text)
	}
	return b.String(), nil
}

func hardenPod(object map[string]any, template string) {
	at := object
	for field := range strings.SplitSeq(strings.TrimPrefix(template+".spec", "."), ".") {
		next, ok := at[field].(map[string]any)
		if !ok {
			return
		}
		at = next
	}
	if _, ok := at["containers"].([]any); !ok {
		return
	}
	at["securityContext"] = hardenedContext(at["securityContext"], map[string]any{
		"runAsNonRoot": true, "seccompProfile": map[string]any{"type": "RuntimeDefault"},
	})
	for _, field := range []string{"containers", "initContainers"} {
		list, _ := at[field].([]any)
		for _, item := range list {
			c, ok := item.(map[string]any)
			if !ok {
				continue
			}
			c["securityContext"] = hardenedContext(c["securityContext"], map[string]any{
				"allowPrivilegeEscalation": false, "capabilities": map[string]any{"drop": []any{"ALL"}},
			})
			for _, p := range asList(c["ports"]) {
				if port, ok := p.(map[string]any); ok {
					delete(port, "hostPort")
				}
			}
		}
	}
}

// hardenedContext is a securityContext of the wanted fields, and of the users and groups that
// it had, but root.
func hardenedContext(had any, want map[string]any) map[string]any {
	old, _ := had.(map[string]any)
	for _, field := range []string{"runAsUser", "runAsGroup", "fsGroup"} {
		if id, ok := old[field]; ok && fmt.Sprint(id) != "0" {
			want[field] = id
		}
	}
	return want
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}
