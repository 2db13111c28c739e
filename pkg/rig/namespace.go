package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// surroundings tells a view what its namespace has. What few patterns ask for is
// looked for only when they do.
func (r *run) surroundings(w *sidecar.Workload) {
	in := w.Ref.Namespace
	w.Secrets = r.secretKeys(in)
	w.ConfigMaps = func(name string) *sidecar.ConfigMap { return r.content("ConfigMap", in, name, "data", "binaryData") }
	w.SecretObjects = func(name string) *sidecar.ConfigMap { return r.content("Secret", in, name, "data", "stringData") }
	w.ServiceAccounts = func(name string) map[string]string {
		o := r.lookup("ServiceAccount", in, name)
		if o == nil {
			return nil
		}
		defer o.Release()
		if all := o.Annotations(); all != nil {
			return all
		}
		return map[string]string{} // it is there, and has none
	}
	if o := r.object(sidecar.Ref{Kind: "Namespace", Name: in}); o != nil {
		w.Namespace = sidecar.Meta{Labels: o.Labels(), Annotations: o.Annotations()}
		w.PodSecurity = w.Namespace.Labels[sidecar.PodSecurityLabel]
		o.Release()
	}
}

// content is what is known of a ConfigMap or Secret, whose keys stand in some fields.
func (r *run) content(kind, namespace, name string, fields ...string) *sidecar.ConfigMap {
	o := r.lookup(kind, namespace, name)
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
	_ = o.Decode(sidecar.Fields("immutable"), &c.Immutable) // the API server has to say what is wrong with it
	return c
}

// lookup finds an object of the core group that manifests refer to by name.
// kustomize leads references to new names only at the very end, so an earlier
// name counts, too.
func (r *run) lookup(kind, namespace, name string) *manifest.Object {
	if o := r.object(sidecar.Ref{Kind: kind, Namespace: namespace, Name: name}); o != nil {
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

// secretKeys are the keys, never the values, of a namespace's Secrets.
func (r *run) secretKeys(namespace string) map[string][]string {
	if r.secrets == nil {
		r.secrets = map[string]map[string][]string{}
		for _, t := range r.texts {
			for _, o := range t.Objects {
				if o.Ref.Kind != "Secret" || o.Ref.Group != "" {
					continue
				}
				in := r.secrets[o.Ref.Namespace]
				if in == nil {
					in = map[string][]string{}
					r.secrets[o.Ref.Namespace] = in
				}
				keys := append(o.Keys("data"), o.Keys("stringData")...)
				slices.Sort(keys)
				in[o.Ref.Name] = slices.Compact(keys)
				o.Release()
			}
		}
	}
	return r.secrets[namespace]
}
