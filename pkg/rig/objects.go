package rig

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// findObject returns the first object with a reference, or nil.
func (r *run) findObject(ref sidecar.Ref) *manifest.Object {
	of, known := r.objects[ref.Kind]
	if !known {
		of = r.indexObjects(ref.Kind)
	}
	return of[ref]
}

// findTwin returns the second of several objects with a reference, or nil.
func (r *run) findTwin(ref sidecar.Ref) *manifest.Object {
	if r.findObject(ref) == nil {
		return nil
	}
	return r.twins[ref]
}

// indexObjects finds the objects of a kind. Few kinds are ever asked for.
func (r *run) indexObjects(kind string) map[sidecar.Ref]*manifest.Object {
	if r.objects == nil {
		r.objects, r.twins = map[string]map[sidecar.Ref]*manifest.Object{}, map[sidecar.Ref]*manifest.Object{}
	}
	of := map[sidecar.Ref]*manifest.Object{}
	for _, t := range r.texts {
		for _, o := range t.Objects {
			switch {
			case o.Ref.Kind != kind || o.IsToolConfig():
			case of[o.Ref] == nil:
				of[o.Ref] = o
			case r.twins[o.Ref] == nil:
				r.twins[o.Ref] = o
			}
		}
	}
	r.objects[kind] = of
	return of
}

// numberGenerated tells workloads apart whose names the API server makes, and which have one stem: each is an object of
// its own in a cluster. What an earlier run emitted doesn't change their numbers.
func numberGenerated(texts []*manifest.Text) {
	var seen map[sidecar.Ref]int
	for _, t := range texts {
		for _, o := range t.Objects {
			if !o.IsGenerated() {
				continue
			}
			if o.Release(); seen == nil {
				seen = map[sidecar.Ref]int{}
			}
			o.Ref.Nth = 0 // as of an object that has this for a name
			ref := o.Ref
			seen[ref]++
			o.Ref.Nth = seen[ref]
		}
	}
}

// findByName finds an object of the core group by the name in a reference. An earlier name of the object counts, too,
// since kustomize changes references to new names at the very end only.
func (r *run) findByName(kind, namespace, name string) *manifest.Object {
	if o := r.findObject(sidecar.Ref{Kind: kind, Namespace: namespace, Name: name}); o != nil {
		return o
	}
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if o.Ref.Kind != kind || o.Ref.Group != "" || o.Ref.Namespace != namespace || o.IsToolConfig() {
				continue
			}
			names, _ := o.PreviousNames()
			if slices.Contains(names, name) {
				return o
			}
			o.Release()
		}
	}
	return nil
}

// findHashed returns the name of a ConfigMap or Secret that kustomize has made of a name, at the end of a build. It
// returns "" if there is one of that very name, or none.
func (r *run) findHashed(kind, namespace, name string) string {
	if r.hashed == nil {
		r.hashed = map[sidecar.Ref]string{}
		for _, t := range r.texts {
			for _, o := range t.Objects {
				ref := o.Ref
				plain, found := cutHash(ref.Name)
				if ref.Name = plain; found && ref.Group == "" && !o.IsToolConfig() {
					r.hashed[ref] = o.Ref.Name
				}
			}
		}
	}
	found := r.hashed[sidecar.Ref{Kind: kind, Namespace: namespace, Name: name}]
	if found != "" && r.findByName(kind, namespace, name) != nil {
		return ""
	}
	return found
}

// cutHash takes off a name the hash that kustomize appends (api/hasher): the first ten digits of a sum, in letters that
// form no words.
func cutHash(name string) (plain string, found bool) {
	at := strings.LastIndexByte(name, '-')
	if at < 1 || len(name)-at != 11 || strings.Trim(name[at+1:], "2456789bcdfghkmt") != "" {
		return name, false
	}
	return name[:at], true
}

// readContent returns what is known of a ConfigMap or Secret with its keys in the given fields, or nil.
func (r *run) readContent(kind, namespace, name string, fields ...string) *sidecar.ConfigMap {
	o := r.findByName(kind, namespace, name)
	if o == nil {
		return nil
	}
	defer o.Release()
	c := &sidecar.ConfigMap{Hashed: o.NeedsHash()}
	for _, field := range fields {
		c.Keys = append(c.Keys, o.Keys(field)...)
	}
	slices.Sort(c.Keys)
	c.Keys = slices.Compact(c.Keys)
	_ = o.Decode(sidecar.Fields("immutable"), &c.Immutable) // the API server reports what is wrong with it
	return c
}

// coreObjects returns the Services or the Secrets of a namespace.
func (r *run) coreObjects(kind, namespace string) []*manifest.Object {
	if r.core == nil {
		r.core = map[sidecar.Ref][]*manifest.Object{}
		for _, t := range r.texts {
			for _, o := range t.Objects {
				if o.Ref.Group == "" && (o.Ref.Kind == "Service" || o.Ref.Kind == "Secret") {
					in := sidecar.Ref{Kind: o.Ref.Kind, Namespace: o.Ref.Namespace}
					r.core[in] = append(r.core[in], o)
				}
			}
		}
	}
	return r.core[sidecar.Ref{Kind: kind, Namespace: namespace}]
}

// secretKeys returns the keys of a namespace's Secrets, by their names. It never reads the values.
func (r *run) secretKeys(namespace string) map[string][]string {
	in, known := r.secrets[namespace]
	if known {
		return in
	}
	for _, o := range r.coreObjects("Secret", namespace) {
		if in == nil {
			in = map[string][]string{}
		}
		var keys []string
		o.Glance(func() { keys = append(o.Keys("data"), o.Keys("stringData")...) })
		slices.Sort(keys)
		in[o.Ref.Name] = slices.Compact(keys)
	}
	if r.secrets == nil {
		r.secrets = map[string]map[string][]string{}
	}
	r.secrets[namespace] = in
	return in
}

// compareAt reports whether an object has a value at a path, and whether it's the wanted one.
func compareAt(o *manifest.Object, path sidecar.Path, want any) (there, same bool) {
	if o == nil {
		return false, false
	}
	v, there := o.Value(path)
	return there, there && manifest.SameValue(v, want)
}

// lineOf returns the line of an object, or 0 if it came from a runner: nobody can look there.
func lineOf(o *manifest.Object) int {
	if o.Text().IsResourceList() {
		return 0
	}
	return o.Line()
}
