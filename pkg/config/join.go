package config

import (
	"reflect"
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Join makes one document of those that serve one workload. It has the patterns of all
// of them, each with the skips and the rollout of its own document; the oldest
// Kubernetes version counts, and so does the platform that refuses more. Patterns of one document
// keep their order; those of
// several come by name, so that the order of the documents doesn't matter.
//
// A name that two of them give to different patterns is returned in twice. Patterns that
// are equal are one.
func Join(docs []*Sidecars) (joined *Sidecars, twice []string) {
	switch len(docs) {
	case 0:
		return &Sidecars{}, nil
	case 1:
		return docs[0], nil
	}
	out := *docs[0]
	out.Spec.PodTemplatePaths, out.Spec.RebindPresets, out.Spec.Patterns = nil, nil, nil
	out.Spec.Images, out.Spec.ImagePullSecrets = nil, nil // see Of
	queues := make([][]Entry, len(docs))
	for i, d := range docs {
		out.Spec.KubernetesVersion = oldestVersion(out.Spec.KubernetesVersion, d.Spec.KubernetesVersion)
		if d.Spec.Platform == sidecar.OpenShift { // all are of one pod
			out.Spec.Platform = sidecar.OpenShift
		}
		for _, p := range d.Spec.PodTemplatePaths {
			if !slices.Contains(out.Spec.PodTemplatePaths, p) {
				out.Spec.PodTemplatePaths = append(out.Spec.PodTemplatePaths, p)
			}
		}
		for _, e := range d.Spec.Patterns {
			e.document = &d.Spec
			queues[i] = append(queues[i], e)
		}
	}
	for {
		next := firstByName(queues)
		if next < 0 {
			return &out, twice
		}
		e := queues[next][0]
		queues[next] = queues[next][1:]
		at := slices.IndexFunc(out.Spec.Patterns, func(have Entry) bool { return have.Name == e.Name })
		switch {
		case at < 0:
			out.Spec.Patterns = append(out.Spec.Patterns, e)
		case !e.isEqual(&out.Spec.Patterns[at]):
			twice = append(twice, e.Name)
		}
	}
}

// firstByName returns which queue has the entry that comes next; -1 where all are empty.
func firstByName(queues [][]Entry) int {
	next := -1
	for i, q := range queues {
		if len(q) > 0 && (next < 0 || q[0].Name < queues[next][0].Name) {
			next = i
		}
	}
	return next
}

// isEqual reports whether two entries ask for the same, in whatever document.
func (e *Entry) isEqual(other *Entry) bool {
	a, b := *e, *other
	if x, y := a.document, b.document; x != nil && y != nil && !(reflect.DeepEqual(x.Images, y.Images) &&
		reflect.DeepEqual(x.ImagePullSecrets, y.ImagePullSecrets)) {
		return false // they pull other images
	}
	a.document, b.document = nil, nil
	return reflect.DeepEqual(a, b)
}

// oldestVersion returns the older one of two valid versions.
func oldestVersion(a, b string) string {
	x, errX := sidecar.ParseVersion(a)
	y, errY := sidecar.ParseVersion(b)
	if errX != nil || errY == nil && !y.AtLeast(x.Major, x.Minor) {
		return b
	}
	return a
}

// Of returns the spec of the document that an entry of a joined document is from.
func (s *Spec) Of(e *Entry) *Spec {
	if e != nil && e.document != nil {
		return e.document
	}
	return s
}
