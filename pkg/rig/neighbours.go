package rig

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/cost"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/neighbour"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followAround collects the edits and objects of the neighbours that may belong to several workloads.
func (r *run) followAround() {
	if len(r.footprints) == 0 {
		return
	}
	follow := neighbour.Around(r.footprints, &world{run: r})
	r.addFindings(follow.Findings...)
	r.shared = append(r.shared, follow.Edits...)
	for _, e := range follow.Emits {
		if obj, err := ownObject(e.Object, e.For.Namespace); err != nil {
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "object-unreadable", Object: e.For, Sidecar: e.Sidecar,
				Message: err.Error()})
		} else {
			r.addEmit(e.For, e.Sidecar, obj.Ref(), obj, manifest.Emit{Object: obj, For: r.findObject(e.For), Sidecar: e.Sidecar})
		}
	}
}

// observe records a workload for its neighbours. Whole pods are kept only where their namespace limits them: thousands
// of them take more memory than all that is edited.
func (r *run) observe(w *sidecar.Workload, answers []sidecar.Answer) {
	if r.limited == nil {
		r.limited = map[string]bool{}
		for _, t := range r.texts {
			for _, o := range t.Objects {
				if neighbour.Limits(neighbour.Kind{Group: o.Ref.Group, Kind: o.Ref.Kind}) {
					r.limited[o.Ref.Namespace] = true
				}
			}
		}
	}
	var with *corev1.PodSpec
	if r.limited[w.Ref.Namespace] {
		with = cost.WithSidecars(w, answers)
	}
	r.footprints = append(r.footprints, neighbour.Observe(w, answers, with))
}

// A world is what neighbours can read of the manifests. Objects are decoded when they're needed, and only once.
type world struct {
	*run
	kinds map[neighbour.Kind]map[string][]*worldObject // by namespace
}

type worldObject struct {
	object  *manifest.Object
	decoded *neighbour.Object // nil until it's needed
}

// indexObjects finds the objects of the kinds that neighbours read.
func (w *world) indexObjects() {
	w.kinds = map[neighbour.Kind]map[string][]*worldObject{}
	for _, t := range w.texts {
		for _, o := range t.Objects {
			k := neighbour.Kind{Group: o.Ref.Group, Kind: o.Ref.Kind}
			if neighbour.New(k) == nil || o.IsToolConfig() {
				continue
			}
			rewritten := false
			if k.Kind == "NetworkPolicy" {
				o.Glance(func() { rewritten = w.isRewritten(o, nil) })
			}
			if rewritten {
				continue
			}
			if w.kinds[k] == nil {
				w.kinds[k] = map[string][]*worldObject{}
			}
			n := &worldObject{object: o}
			w.kinds[k][o.Ref.Namespace] = append(w.kinds[k][o.Ref.Namespace], n)
			if o.Ref.Namespace != "*" {
				w.kinds[k]["*"] = append(w.kinds[k]["*"], n)
			}
		}
	}
}

func (w *world) Objects(k neighbour.Kind, namespace string, named func(string) bool) (all []neighbour.Object) {
	if w.kinds == nil {
		w.indexObjects()
	}
	for _, n := range w.kinds[k][namespace] {
		if n.decoded == nil {
			o := n.object
			if named != nil && !o.Mentions(named) {
				continue
			}
			n.decoded = &neighbour.Object{Ref: o.Ref, Labels: o.Labels(), Annotations: o.Annotations(), Spec: neighbour.New(k)}
			if err := o.Decode(sidecar.Fields("spec"), n.decoded.Spec); err != nil {
				field, message := explainUnreadable(sidecar.Fields("spec"), err)
				w.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "unreadable", Object: o.Ref, File: o.File(),
					Line: lineOf(o), Field: field,
					Message: message + ", so it can't follow the sidecars", Hint: "correct it"})
				n.decoded.Spec = neighbour.New(k)
			}
			o.Release()
		}
		all = append(all, *n.decoded)
	}
	return all
}

// Pods visits the pod templates of a namespace that got no sidecars.
func (w *world) Pods(namespace string, valued func(string) bool, visit func(sidecar.Ref, *corev1.PodTemplateSpec)) {
	served := map[podRef]bool{}
	for _, s := range w.footprints {
		served[podRef{s.Ref, s.Template.String()}] = true
	}
	for _, t := range w.texts {
		for _, o := range t.Objects {
			if o.Ref.Namespace != namespace || o.IsToolConfig() || served[podRef{o.Ref, ""}] || !o.Mentions(valued) {
				continue
			}
			for _, at := range w.templatesOf(o) {
				var pod corev1.PodTemplateSpec
				if !served[podRef{o.Ref, at.String()}] && o.Decode(at, &pod) == nil {
					visit(o.Ref, &pod)
				}
			}
			o.Release()
		}
	}
}

// Document returns the name of the document that has a sidecar of a workload.
func (w *world) Document(workload sidecar.Ref, name string) string {
	if q := w.served[workload]; q != nil && q.owner[name] != nil {
		return q.owner[name].Metadata.Name
	}
	return ""
}

// Callers visits the objects whose text contains an address of a host, and reads only those. It leaves out Secrets,
// since findings repeat what they find, and objects that this run emits.
func (w *world) Callers(named func(host string) bool, visit func(neighbour.Caller)) {
	for _, t := range w.texts {
		for _, o := range t.Objects {
			isSecret := o.Ref.Kind == "Secret" && o.Ref.Group == ""
			if isSecret || o.Ref.Kind == "CustomResourceDefinition" || o.IsToolConfig() {
				continue
			}
			if !neighbour.Dials(o.Source(), named) {
				continue
			}
			if o.Label(sidecar.ManagedLabel) != sidecar.ManagedBy || !w.isEmitted(o) {
				visit(neighbour.Caller{Ref: o.Ref, Templates: w.templatesOf(o), Annotations: o.Annotations(), Scalars: o.Scalars})
			}
			o.Release()
		}
	}
}
