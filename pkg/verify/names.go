package verify

import "github.com/outrigger-dev/outrigger/pkg/sidecar"

// checkContainerNames finds names that stand in both lists of the pod: the API server
// wants them unique over containers and init containers. Within one list, Merge
// tells equal ones from conflicts.
func checkContainerNames(w *sidecar.Workload, asked []sidecar.Answer) sidecar.Findings {
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
	for i := range asked {
		a := &asked[i]
		take := func(name, list string) {
			if have, ok := held[name]; ok && have.list != list {
				who := "the manifest"
				if have.owner != "" {
					who = have.owner
				}
				fs = append(fs, sidecar.Finding{Severity: sidecar.Error, Code: "container-name-conflict", Object: w.Ref,
					Sidecar: a.Name,
					Message: "wants a container named " + name + " among the pod's " + list + ", but " + who + " has one among its " +
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
