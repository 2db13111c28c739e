// Package oracle says of manifests what the API server of Kubernetes would say, by
// the server's own code and without a server: what it refuses, and what it warns
// of. The way is that of `kubectl apply --server-side`: strict decoding, the typed
// form whose keys server-side apply merges by, defaults, and what the registry
// checks of each kind.
//
// Admission isn't part of it: no Pod Security, no quota, no webhook. Neither is
// what one object says of another.
package oracle

import (
	"fmt"
	"strings"
)

// A Scope says how much of an object was checked.
type Scope string

const (
	Whole       Scope = "whole"        // as the API server does
	PodTemplate Scope = "pod template" // of a custom resource: the rest is not for the API server to know
	Nothing     Scope = "nothing"      // a kind that isn't known here, without a pod template
)

// A Verdict is what the API server says of one object.
type Verdict struct {
	Object   string // "Deployment prod/web"
	Scope    Scope
	Errors   []string // with the field they are about
	Warnings []string // as `kubectl` prints them
}

// Accepted reports whether nothing was found against the object. What wasn't
// checked is accepted: look at the Scope.
func (v Verdict) Accepted() bool { return len(v.Errors) == 0 }

// String is one line for the object, and one for each error and warning.
func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (checked: %s)\n", v.Object, v.Scope)
	for _, e := range v.Errors {
		fmt.Fprintf(&b, "  error: %s\n", e)
	}
	for _, w := range v.Warnings {
		fmt.Fprintf(&b, "  warning: %s\n", w)
	}
	return b.String()
}

// Check gives a verdict for each object in a stream of manifests; members of lists
// are objects of their own. All that is wrong with one is told, where the server
// would stop at the first kind of mistake.
func Check(manifests string) []Verdict {
	var all []Verdict
	for _, d := range readDocuments(manifests) {
		all = append(all, d.checkObject())
	}
	return all
}

func (d document) checkObject() Verdict {
	if d.err != nil {
		return Verdict{Object: d.String(), Scope: Whole, Errors: []string{d.err.Error()}}
	}
	v := Verdict{Object: d.String(), Scope: Whole}
	if s, ok := kinds()[d.kind()]; ok {
		v.Errors, v.Warnings = admitObject(d, s)
		return v
	}
	if served := servedVersions(d.kind().GroupKind()); served != "" {
		v.Errors = []string{fmt.Sprintf("apiVersion: %s isn't served; write %s", d.kind().GroupVersion(), served)}
		return v
	}
	at, template, ok := d.podTemplate()
	if !ok {
		v.Scope = Nothing
		return v
	}
	v.Scope = PodTemplate
	v.Errors, v.Warnings = admitObject(template, kinds()[podTemplateKind])
	for _, list := range [][]string{v.Errors, v.Warnings} {
		for i, text := range list {
			list[i] = at + ", as a PodTemplate: " + text
		}
	}
	return v
}
