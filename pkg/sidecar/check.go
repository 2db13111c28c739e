package sidecar

import (
	"fmt"
	"slices"
)

// Check finds what can't work, whatever the patterns: ports that two want, hooks
// that outlast the pod, kernel settings that would be the node's, sidecars that
// keep a Job from ending, placements that the cluster doesn't know.
func Check(w *Workload, asked []Asked) Findings {
	fs := slices.Concat(Ports(w, asked), servicePorts(w, asked), containerNames(w, asked), sleeps(w, asked), drains(w, asked), sysctls(w, asked))
	add := func(a Asked, code, message, hint string) {
		fs = append(fs, Finding{Severity: Error, Code: code, Object: w.Ref, Sidecar: a.Name, Message: message, Hint: hint})
	}
	for _, a := range asked {
		if len(a.Change.Containers) == 0 {
			continue
		}
		switch {
		case a.Placement == Beside && w.IsJob():
			add(a, "job-never-ends", "an ordinary container never exits, so the Job would never complete", "use placement native")
		case a.Placement == Native && !w.Kubernetes.AtLeast(1, 29): // KEP-753: on by default since 1.29
			add(a, "kubernetes-version", "native sidecars need Kubernetes 1.29, spec.kubernetesVersion says "+w.Kubernetes.String(), "use placement beside")
		}
	}
	return fs
}

// containerNames finds names that stand in both lists of the pod: the API server
// wants them unique over containers and init containers. Within one list, Merge
// tells equal ones from conflicts.
func containerNames(w *Workload, asked []Asked) Findings {
	var fs Findings
	list := map[string]string{}
	for _, c := range w.Pod.Spec.Containers {
		list[c.Name] = "containers"
	}
	for _, c := range w.Pod.Spec.InitContainers {
		list[c.Name] = "initContainers"
	}
	for _, a := range asked {
		in := map[string]string{}
		for _, c := range a.Change.InitContainers {
			in[c.Name] = "initContainers"
		}
		for _, c := range a.Change.Containers {
			if in[c.Name] = "initContainers"; a.Placement == Beside {
				in[c.Name] = "containers"
			}
		}
		for _, c := range append(a.Change.InitContainers[:len(a.Change.InitContainers):len(a.Change.InitContainers)], a.Change.Containers...) {
			if have := list[c.Name]; have != "" && have != in[c.Name] {
				fs = append(fs, Finding{Severity: Error, Code: "container-name-conflict", Object: w.Ref, Sidecar: a.Name,
					Message: "a container named " + c.Name + " stands among the pod's " + have + " already", Hint: "give the sidecar another name"})
			}
			list[c.Name] = in[c.Name]
		}
	}
	return fs
}

// drains finds takeovers of one app that don't agree on how long it goes on at its
// end: each proxy goes by what it was told, and the app can do one thing only.
// Several that want it to wait are conflicts where they set it.
func drains(w *Workload, asked []Asked) Findings {
	var fs Findings
	for _, a := range asked {
		if a.Change.App.DrainSeconds != 0 || len(a.Change.Takeovers) == 0 || hook(w.Container(a.App.Name)) != nil {
			continue
		}
		for _, b := range asked {
			if s := b.Change.App.DrainSeconds; s != 0 && b.App.Name == a.App.Name {
				fs = append(fs, Finding{Severity: Error, Code: "conflict", Object: w.Ref, Sidecar: a.Name,
					Message: fmt.Sprintf("container %s isn't to wait at its end, but %s makes it wait %d seconds", a.App.Name, b.Name, s),
					Hint:    "give both the same drainSeconds"})
			}
		}
	}
	return fs
}
