package rig

import (
	"slices"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// surrounding shows neighbours an object.
type surrounding struct {
	*manifest.Object
	conf *config.Sidecars
}

func (s surrounding) Is() sidecar.Ref { return s.Ref }
func (s surrounding) Text() string    { return s.Source() }
func (s surrounding) PodTemplate() (sidecar.Path, bool) {
	return s.Template(s.conf.Spec.PodTemplatePaths)
}

// laid remembers a workload whose ports were taken over, or that other objects may
// look at.
func (r *run) laidOn(w *sidecar.Workload, asked []sidecar.Asked) {
	l := neighbour.Laid{Workload: w, Asked: asked}
	r.doors = append(r.doors, neighbour.Doors(l)...)
	if r.looked == nil {
		r.looked = map[string]bool{}
		for _, t := range r.texts {
			for _, o := range t.Objects {
				r.looked[o.Ref.Kind] = true
			}
		}
	}
	for _, kind := range neighbour.Kinds {
		if kind != "Service" && r.looked[kind] { // else nobody asks
			r.world.Laid = append(r.world.Laid, l)
			return
		}
	}
}

// surround lets the objects around the workloads follow, when all are known.
func (r *run) surround() {
	r.world.Doors = r.doors
	if len(r.world.Laid) > 0 {
		r.world.Objects = map[string][]neighbour.Object{}
		for _, t := range r.texts {
			for _, o := range t.Objects {
				if slices.Contains(neighbour.Kinds, o.Ref.Kind) && !o.Foreign() {
					r.world.Objects[o.Ref.Kind] = append(r.world.Objects[o.Ref.Kind], surrounding{o, r.conf})
				}
			}
		}
		found := neighbour.Around(&r.world)
		r.shared = append(r.shared, found.Edits...)
		r.add(found.Findings...)
		for _, e := range found.Emissions {
			r.emitFor(e)
		}
	}
	r.callers()
}

// emitFor emits an object that is there because of a sidecar.
func (r *run) emitFor(e neighbour.Emission) {
	o := r.object(e.For)
	obj, err := owned(e.Object, e.For.Namespace)
	if o == nil || err != nil {
		r.add(sidecar.Finding{Severity: sidecar.Error, Code: "internal", Object: e.For, Sidecar: e.Sidecar, Message: "what a neighbour needs can't be emitted"})
		return
	}
	r.want(&sidecar.Workload{Ref: e.For}, sidecar.Asked{Name: e.Sidecar}, obj.Ref(), obj, manifest.Emit{Object: obj, For: o, Sidecar: e.Sidecar})
}

// callers finds who still dials in plain what speaks TLS now.
func (r *run) callers() {
	c := neighbour.NewCallers(r.doors)
	for _, t := range r.texts {
		for _, o := range t.Objects {
			s := surrounding{o, r.conf}
			if o.Foreign() || !c.Dials(s) || o.Annotation(manifest.OwnerKey) != "" {
				continue
			}
			edits, fs := c.Find(s)
			for i := range fs {
				fs[i].File, fs[i].Line = o.File(), line(o)
			}
			r.add(fs...)
			if r.edited[o.Ref] {
				edits = nil // laid on with the rest: see workload
			}
			r.shared = append(r.shared, edits...)
			o.Forget()
		}
	}
}

// rewrites reports whether callers are to be rewritten.
func (r *run) rewrites() bool {
	for i := range r.conf.Spec.Patterns {
		if r.conf.Spec.Patterns[i].RewritesCallers() {
			return true
		}
	}
	return false
}

// foresee finds what will be taken over, before the first workload is edited: one
// that is served itself may dial another one.
func (r *run) foresee() *neighbour.Callers {
	if !r.rewrites() {
		return neighbour.NewCallers(nil)
	}
	trial := run{conf: r.conf, texts: r.texts, record: r.record}
	trial.each(func(o *manifest.Object) {
		if w, ok := trial.view(o); ok {
			if asked := trial.ask(o, w); len(asked) > 0 {
				trial.laidOn(w, asked)
			}
		}
	})
	return neighbour.NewCallers(trial.doors)
}
