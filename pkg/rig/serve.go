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

// serve finds the containers that the sidecar serves.
func (r *run) serve(w *sidecar.Workload, e *config.Entry) bool {
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
			r.noApp(w, e, name)
		}
	case e.App[0] == config.Every:
		for i := range spec.Containers {
			if c := &spec.Containers[i]; !r.added(c.Name) {
				w.Apps = append(w.Apps, c)
			}
		}
		if w.Apps == nil {
			r.noApp(w, e, config.Every)
		}
	default:
		missing := false
		for _, name := range e.App {
			c := w.Container(name)
			if c == nil {
				r.noApp(w, e, name)
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

// narrow leaves one of several containers to a pattern that takes ports over: the
// one that declares them. What moves an app is for that app alone.
func (r *run) narrow(w *sidecar.Workload, e *config.Entry) bool {
	t, ok := e.Pattern().(sidecar.Taker)
	if !ok || len(w.Apps) < 2 || len(t.Takes()) == 0 {
		return true
	}
	owners := w.Owners(t.Takes())
	if len(owners) == 0 {
		owners = earlier(w, e.Pattern())
	}
	if len(owners) == 1 {
		w.Apps, w.App = owners, owners[0]
		return true
	}
	f := sidecar.Finding{Severity: sidecar.Error, Code: "app-unclear", Object: w.Ref, Sidecar: e.Name,
		Message: "none of " + listed(w.Apps) + " declares what is to be taken over: port " + numbers(t.Takes()),
		Hint:    "declare it in the ports of the container that listens on it"}
	if len(owners) > 1 {
		f.Message = listed(owners) + " declare port " + numbers(t.Takes()) + ", so which one is to move isn't clear"
		f.Hint = "name just the one that listens on it in app"
	}
	r.add(f)
	return false
}

// earlier finds the container from which an earlier run has taken the ports: it
// has all that the pattern wants of it.
func earlier(w *sidecar.Workload, p sidecar.Pattern) []*corev1.Container {
	for i, c := range w.Apps {
		view := *w
		view.App, view.Apps = c, w.Apps[i:i+1]
		if change, err := sidecar.Build(p, &view); err == nil && merge.HasContainers(w, change) && merge.HasAll(c, &change.App) {
			return view.Apps
		}
	}
	return nil
}

func listed(containers []*corev1.Container) string {
	names := make([]string, len(containers))
	for i, c := range containers {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

func numbers(ports []int32) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ", "), "[]")
}

// named reports whether an entry of the config has a name.
func (r *run) named(name string) bool {
	return slices.ContainsFunc(r.conf.Spec.Patterns, func(e config.Entry) bool { return e.Name == name })
}

// added reports whether a container has the name of one that the config adds: those
// aren't meant by "*". What the workload's marker names doesn't count: anybody can
// write it, to have a container passed over.
func (r *run) added(name string) bool {
	if slices.ContainsFunc(r.conf.Spec.Patterns, func(e config.Entry) bool {
		n, ok := e.Pattern().(sidecar.Namer)
		return ok && slices.Contains(n.Names(e.Name), name)
	}) {
		return true
	}
	return r.named(name)
}

// additions are the containers of the pod that have names of those that the config adds.
func (r *run) additions(w *sidecar.Workload) (names []string) {
	for c := range w.AllContainers() {
		if r.added(c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

func (r *run) noApp(w *sidecar.Workload, e *config.Entry, name string) {
	var names []string
	for c := range w.AllContainers() {
		names = append(names, c.Name)
	}
	hint := "there are: " + strings.Join(names, ", ")
	if near := nearest.Name(name, names); near != "" {
		hint = "did you mean " + near
	}
	r.add(sidecar.Finding{Severity: sidecar.Error, Code: "app-unknown", Object: w.Ref, Sidecar: e.Name,
		Message: "no container is named " + name, Hint: hint})
}
