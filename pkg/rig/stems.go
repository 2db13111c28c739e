package rig

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// stemOf returns the stem of the names of a workload's objects, or "" where that's its own name. That of one of several
// pod templates ends with the template's.
func (r *run) stemOf(q *request, o *manifest.Object, w *sidecar.Workload) string {
	stem := ""
	if o.IsGenerated() {
		stem = sidecar.GeneratedStem(o.Ref.Name, identityOf(q, o, w))
	} else {
		stem = r.stemBesideNamesakes(o)
	}
	if w.Part != "" {
		stem = cmp.Or(stem, o.Ref.Name) + "-" + w.Part
	}
	return stem
}

// readStem is stemOf for a pod template that isn't decoded, with all documents that select the workload.
func (r *run) readStem(o *manifest.Object, m *config.Meta, at sidecar.Path) string {
	if !o.IsGenerated() {
		return r.stemOf(nil, o, &sidecar.Workload{Part: o.PartOf(r.templatesOf(o), at)})
	}
	q := r.requestOf(slices.DeleteFunc(slices.Clone(r.docs), func(d *document) bool { return !d.Spec.Selects(m) }))
	w, fs := r.decodeUnnamed(q, o, at)
	if fs.Failed() {
		return "" // it's reported when the workload is served
	}
	return r.stemOf(q, o, w)
}

// identityOf tells a workload without a name from others: by its pods' labels, and by what its own containers run, and
// as whom. It has nothing that sidecars add or set, so that a run over our own output, or with other documents, sees
// the same: no arguments, nor addresses in a command, whose schemes may change.
func identityOf(q *request, o *manifest.Object, w *sidecar.Workload) string {
	type program struct {
		Name, Image     string
		Command         []string
		SecurityContext *corev1.SecurityContext
	}
	isAddress := func(word string) bool { return strings.Contains(word, "://") }
	added := sidecar.ContainerNames(answersOf(askAll(q, o, w, readOptOut(o, w.Template)), -1))
	others := slices.DeleteFunc(sidecar.ParseMarker(markerOf(w)+","+w.Annotations[sidecar.ContainersKey]),
		func(m sidecar.Mark) bool { return hasEntry(q.Sidecars, m.Name) }) // of these, the containers are known
	var programs []program
	for c := range w.AllContainers() {
		if !added[c.Name] && !addsContainer(q.Sidecars, c.Name) && !others.NamesContainer(c.Name) {
			command := slices.DeleteFunc(slices.Clone(c.Command), isAddress)
			programs = append(programs, program{c.Name, c.Image, command, c.SecurityContext})
		}
	}
	var user, group *int64
	if sc := w.Pod.Spec.SecurityContext; sc != nil {
		user, group = sc.RunAsUser, sc.RunAsGroup
	}
	of := []any{o.Ref.Group, o.Ref.Kind, o.Ref.Name, w.Pod.Labels, user, group, programs}
	raw, _ := json.Marshal(of) // what was read can be written
	return string(raw)
}

// plainKinds are the kinds whose objects have the workload's name alone, in this order, where workloads of several
// kinds have one name. The others have the kind in it.
var plainKinds = []string{"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod"}

// stemBesideNamesakes returns the name with the kind where a workload that counts before this one has the same name:
// their sidecars' objects mustn't collide. Whether that one is selected doesn't matter, as another document may do so,
// in a run of its own.
func (r *run) stemBesideNamesakes(o *manifest.Object) string {
	if r.namesakes == nil {
		r.findNamesakes()
	}
	key := manifest.NormalizeRef(o.Ref)
	key.Group, key.Kind = "", ""
	if slices.ContainsFunc(r.namesakes[key], func(other *manifest.Object) bool {
		return (other.Ref.Group != o.Ref.Group || other.Ref.Kind != o.Ref.Kind) && compareKinds(other.Ref, o.Ref) < 0
	}) {
		return o.Ref.Name + "-" + strings.ToLower(o.Ref.Kind)
	}
	return ""
}

// compareKinds orders kinds by plainKinds, and others by their names behind those.
func compareKinds(a, b sidecar.Ref) int {
	rank := func(kind string) int {
		if i := slices.Index(plainKinds, kind); i >= 0 {
			return i
		}
		return len(plainKinds)
	}
	return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Group, b.Group))
}

// findNamesakes finds workloads of several kinds with one namespace and name. Most objects aren't read for it.
func (r *run) findNamesakes() {
	r.namesakes = map[sidecar.Ref][]*manifest.Object{}
	first := map[sidecar.Ref]*manifest.Object{}
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if !o.MayHaveTemplate() || o.IsToolConfig() || o.PatchedBy() != "" {
				continue
			}
			key := manifest.NormalizeRef(o.Ref)
			key.Group, key.Kind = "", ""
			switch known := first[key]; {
			case known == nil:
				first[key] = o
			case r.namesakes[key] != nil || known.Ref.Kind != o.Ref.Kind || known.Ref.Group != o.Ref.Group:
				if r.namesakes[key] == nil {
					r.namesakes[key] = []*manifest.Object{known}
				}
				r.namesakes[key] = append(r.namesakes[key], o)
			}
		}
	}
	for key, all := range r.namesakes {
		r.namesakes[key] = slices.DeleteFunc(all, func(o *manifest.Object) bool {
			pods := r.templatesOf(o)
			o.Release()
			return len(pods) == 0
		})
	}
}
