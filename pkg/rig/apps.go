package rig

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
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
		w.Apps = append(w.Apps, &spec.Containers[defaultContainer(w)])
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

// defaultContainer returns the position of the container that kubectl logs and exec take: the one of the annotation, or
// the first one.
func defaultContainer(w *sidecar.Workload) int {
	name := w.Pod.Annotations[sidecar.DefaultContainerKey]
	named := func(c corev1.Container) bool { return c.Name == name && name != "" }
	return max(0, slices.IndexFunc(w.Pod.Spec.Containers, named))
}

// checkDefaultContainer reports an annotation that names no container, if a sidecar changes another one of several.
func (r *run) checkDefaultContainer(q *request, o *manifest.Object, w *sidecar.Workload, answers []sidecar.Answer) {
	name, first := w.Pod.Annotations[sidecar.DefaultContainerKey], w.Pod.Spec.Containers[defaultContainer(w)].Name
	isOther := func(c corev1.Container) bool { return c.Name != first && !addsContainer(q.Sidecars, c.Name) }
	if name == "" || name == first || !slices.ContainsFunc(w.Pod.Spec.Containers, isOther) {
		return
	}
	byDefault := func(e config.Entry) bool {
		i := slices.IndexFunc(answers, func(a sidecar.Answer) bool { return a.Name == e.Name })
		return len(e.App) == 0 && i >= 0 && !reflect.ValueOf(answers[i].Change.App).IsZero()
	}
	if !slices.ContainsFunc(q.Spec.Patterns, byDefault) {
		return
	}
	at := w.Template.To("metadata", "annotations", sidecar.DefaultContainerKey)
	r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "default-container", Object: o.Ref, File: o.File(),
		Line: o.LineOf(at), Field: at.String(),
		Message: "names " + name + ", which isn't an ordinary container of the pod, so sidecars serve the first one, " +
			first, Hint: "name the app's container there, or in app"})
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
	f := sidecar.Finding{Severity: sidecar.Error, Code: "app-unclear", Object: w.Ref, Sidecar: e.Name, Document: e.Name,
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
		if c.Name != "" {
			names = append(names, c.Name)
		}
	}
	hint := "name one of " + strings.Join(names, ", ")
	if near := nearest.Name(name, names); near != "" {
		hint = "did you mean " + near
	} else if names == nil {
		hint = "give the container a name"
	}
	q.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "app-unknown", Object: w.Ref, Sidecar: q.entry.Name,
		Document: q.entry.Name, Message: "no container is named " + name, Hint: hint})
}

// findUnnamed returns the finding about a container that has no name, as Knative allows; nil if all have one. Edits
// name containers, and so does the annotation of the default container.
func findUnnamed(o *manifest.Object, w *sidecar.Workload) *sidecar.Finding {
	spec := w.Template.To("spec").String()
	for i := range w.Pod.Spec.Containers {
		if w.Pod.Spec.Containers[i].Name == "" {
			return &sidecar.Finding{Severity: sidecar.Error, Code: "container-unnamed", Object: o.Ref, File: o.File(),
				Line: lineOf(o), Field: fmt.Sprintf("%s.containers[%d]", spec, i),
				Message: "has no name, so sidecars can't set anything in it",
				Hint:    "give the container a name"}
		}
	}
	return nil
}

// checkUnnamed reports whether an edit would have to name a container that has no name.
func (r *run) checkUnnamed(o *manifest.Object, w *sidecar.Workload, edits []sidecar.Edit) bool {
	unnamed := findUnnamed(o, w)
	if unnamed == nil {
		return false
	}
	for i := range edits {
		if e := &edits[i]; e.Object == o.Ref && namesNothing(e) {
			r.findings = slices.DeleteFunc(r.findings, func(f sidecar.Finding) bool { // what the edit would do is no matter
				return f.Object == o.Ref && strings.Contains(f.Field, "[name=]")
			})
			r.addFindings(*unnamed)
			return true
		}
	}
	return false
}

// namesNothing reports whether an edit is of a container without a name, or has none as its value.
func namesNothing(e *sidecar.Edit) bool {
	for i, s := range e.Path {
		if s.Key == "name" && s.Value == "" && i > 0 && e.Path[i-1].Field == "containers" {
			return true
		}
	}
	last := e.Path[len(e.Path)-1]
	return last.Field == sidecar.DefaultContainerKey && e.Value == ""
}
