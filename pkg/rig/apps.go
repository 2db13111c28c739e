package rig

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/merge"
	"github.com/outrigger-dev/outrigger/pkg/nearest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// findApps finds the containers that the sidecar serves, and reports whether there are any.
func (q *question) findApps(w *sidecar.Workload) bool {
	e := q.entry
	spec := &w.Pod.Spec
	switch {
	case len(e.App) == 0:
		name := w.Pod.Annotations[sidecar.DefaultContainerKey]
		for i := range spec.Containers {
			if c := &spec.Containers[i]; name == "" || c.Name == name {
				w.Apps = append(w.Apps, c)
				break
			}
		}
		if w.Apps == nil {
			q.appNotFound(w, name)
		}
	case e.App[0] == config.Every:
		for i := range spec.Containers {
			if c := &spec.Containers[i]; !addsContainer(q.conf, c.Name) {
				w.Apps = append(w.Apps, c)
			}
		}
		if w.Apps == nil {
			q.appNotFound(w, config.Every)
		}
	default:
		missing := false
		for _, name := range e.App {
			c := w.Container(name)
			if c == nil {
				q.appNotFound(w, name)
				missing = true
				continue
			}
			w.Apps = append(w.Apps, c)
		}
		if missing {
			return false
		}
	}
	if w.Apps == nil {
		return false
	}
	w.App = w.Apps[0]
	return true
}

// pickPortOwner picks the app of a pattern that takes ports over: the one of several containers that declares the
// ports. The settings that move an app are for that app only.
func (q *question) pickPortOwner(w *sidecar.Workload) bool {
	e := q.entry
	t, ok := e.Pattern().(sidecar.PortTaker)
	if !ok || len(w.Apps) < 2 || len(t.TakenPorts()) == 0 {
		return true
	}
	owners := w.FindOwners(t.TakenPorts())
	if len(owners) == 0 {
		owners = ownerFromEarlierRun(w, e.Pattern())
	}
	if len(owners) == 1 {
		w.Apps, w.App = owners, owners[0]
		return true
	}
	ports := "port " + listPorts(t.TakenPorts())
	f := sidecar.Finding{Severity: sidecar.Error, Code: "app-unclear", Object: w.Ref, Sidecar: e.Name,
		Message: "none of " + listNames(w.Apps) + " declares " + ports + ", which the sidecar takes over",
		Hint:    "declare it in the ports of the container that listens on it"}
	if len(owners) > 1 {
		f.Message = listNames(owners) + " all declare " + ports + ", so it isn't clear which one to move"
		f.Hint = "name the one that listens on it in app"
	}
	q.addFindings(f)
	return false
}

// ownerFromEarlierRun finds the container that lost the ports to the sidecar in an earlier run: it has everything that
// the pattern sets in it.
func ownerFromEarlierRun(w *sidecar.Workload, p sidecar.Pattern) []*corev1.Container {
	for i, c := range w.Apps {
		view := *w
		view.App, view.Apps = c, w.Apps[i:i+1]
		if change, err := sidecar.Build(p, &view); err == nil && merge.HasContainers(w, change) &&
			merge.HasAll(c, &change.App) {
			return view.Apps
		}
	}
	return nil
}

func listNames(containers []*corev1.Container) string {
	names := make([]string, len(containers))
	for i, c := range containers {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

func listPorts(ports []int32) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ", "), "[]")
}

// hasEntry reports whether an entry of the config has a name.
func hasEntry(conf *config.Sidecars, name string) bool {
	return slices.ContainsFunc(conf.Spec.Patterns, func(e config.Entry) bool { return e.Name == name })
}

// addsContainer reports whether the config adds a container with the name; "*" doesn't mean those. The workload's
// marker doesn't count, since anybody could write a marker to have a container ignored.
func addsContainer(conf *config.Sidecars, name string) bool {
	if slices.ContainsFunc(conf.Spec.Patterns, func(e config.Entry) bool {
		n, ok := e.Pattern().(sidecar.ContainerNamer)
		return ok && slices.Contains(n.ContainerNames(e.Name), name)
	}) {
		return true
	}
	return hasEntry(conf, name)
}

// addedContainers returns the names of the pod's containers that the config adds.
func addedContainers(conf *config.Sidecars, w *sidecar.Workload) (names []string) {
	for c := range w.AllContainers() {
		if addsContainer(conf, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// appNotFound reports that no container has the name.
func (q *question) appNotFound(w *sidecar.Workload, name string) {
	var names []string
	for c := range w.AllContainers() {
		names = append(names, c.Name)
	}
	hint := "name one of " + strings.Join(names, ", ")
	if near := nearest.Name(name, names); near != "" {
		hint = "did you mean " + near
	}
	q.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "app-unknown", Object: w.Ref, Sidecar: q.entry.Name,
		Message: "no container is named " + name, Hint: hint})
}
