package verify

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// checkContainerNames finds names that are in both lists of the pod: the API server requires
// unique names over containers and init containers. Within one list, package merge
// finds conflicts.
func checkContainerNames(w *sidecar.Workload, answers []sidecar.Answer) sidecar.Findings {
	const ordinary, inits = "containers", "initContainers"
	type holder struct{ list, owner string }
	var fs sidecar.Findings
	held := map[string]holder{}
	for i := range w.Pod.Spec.Containers {
		held[w.Pod.Spec.Containers[i].Name] = holder{list: ordinary}
	}
	for i := range w.Pod.Spec.InitContainers {
		held[w.Pod.Spec.InitContainers[i].Name] = holder{list: inits}
	}
	for i := range answers {
		a := &answers[i]
		take := func(name, list string) {
			if have, ok := held[name]; ok && have.list != list {
				who := "the manifest"
				if have.owner != "" {
					who = have.owner
				}
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "container-name-conflict", Object: w.Ref,
					Sidecar: a.Name,
					Message: "adds a container named " + name + " to the pod's " + list + ", but " + who + " has one in " +
						have.list, Hint: "give the sidecar another name"})
				return
			}
			if _, ok := held[name]; !ok {
				held[name] = holder{list, a.Name}
			}
		}
		for _, c := range a.Change.InitContainers {
			take(c.Name, inits)
		}
		list := inits
		if a.Placement == sidecar.Beside {
			list = ordinary
		}
		for _, c := range a.Change.Containers {
			take(c.Name, list)
		}
	}
	return fs
}
