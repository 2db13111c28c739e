package rig

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// view returns the view of a workload with its pod template at a path, and of the objects around it. It adds what is
// wrong with it to the findings.
func (r *run) view(q *request, o *manifest.Object, at sidecar.Path) (*sidecar.Workload, bool) {
	w, fs := r.decodeWorkload(q, o, at)
	r.addFindings(fs...)
	return w, !fs.Failed()
}

// decodeWorkload decodes a workload and the objects around it.
func (r *run) decodeWorkload(q *request, o *manifest.Object, at sidecar.Path) (*sidecar.Workload, sidecar.Findings) {
	w, fs := r.decodeUnnamed(q, o, at)
	if w != nil {
		w.Stem = r.stemOf(q, o, w)
		r.fillPolicies(w)
	}
	return w, fs
}

// decodeUnnamed decodes the same, but for the stem of names and the policies, which depend on it.
func (r *run) decodeUnnamed(q *request, o *manifest.Object, at sidecar.Path) (*sidecar.Workload, sidecar.Findings) {
	refuse := func(code, field, message, hint string) (*sidecar.Workload, sidecar.Findings) {
		return nil, sidecar.Findings{{Severity: sidecar.Error, Code: code, Object: o.Ref, File: o.File(), Line: lineOf(o),
			Field: field, Message: message, Hint: hint}}
	}
	w := &sidecar.Workload{Ref: o.Ref, Template: at, Annotations: o.Annotations(), Kubernetes: q.Spec.Kubernetes(),
		Platform: q.Spec.Platform}
	all := r.templatesOf(o)
	w.Part = o.PartOf(all, at)
	w.IsPart = w.Part != "" || len(all) > 1
	if err := o.Decode(at, &w.Pod); err != nil {
		field, message := explainUnreadable(at, err)
		return refuse("unreadable", field, message, "")
	}
	w.Written = func(path sidecar.Path) string { return o.ScalarText(slices.Concat(at, path)) }
	if len(w.Pod.Spec.Containers) == 0 {
		return refuse("template-missing", at.String(), "has no containers", "select a workload that has some")
	}
	w.Services, w.Claims = r.findServices(w), volumeClaims(o)
	w.MatchLabels = o.Strings("spec", "selector", "matchLabels")
	w.Replicas = replicasOf(o, at)
	if w.Ref.Kind == "StatefulSet" {
		_ = o.Decode(sidecar.Fields("spec", "ordinals", "start"), &w.FirstPod) // the API server reports what is wrong with it
	}
	r.fillNamespace(w)
	return w, nil
}

// explainUnreadable returns the field that can't be decoded, and why not, with its line.
func explainUnreadable(at sidecar.Path, err error) (field, message string) {
	var wrong *manifest.FieldError
	if !errors.As(err, &wrong) {
		return at.String(), err.Error()
	}
	return strings.Trim(at.String()+"."+wrong.Field, "."), fmt.Sprintf("line %d: %s", wrong.Line, wrong.Message)
}

// replicasOf returns the number of replicas of a workload, or nil if it has none: what stands closest above its pod
// template. Elastic's node sets have a count.
func replicasOf(o *manifest.Object, at sidecar.Path) (n *int32) {
	for i := len(at) - 1; i > 0; i-- {
		for _, field := range []string{"replicas", "count"} {
			if o.Decode(at[:i].To(field), &n) == nil && n != nil { // the API server reports what is wrong with it
				return n
			}
		}
	}
	return nil
}

// volumeClaims returns the names of a StatefulSet's volume claims.
func volumeClaims(o *manifest.Object) (names []string) {
	var templates []struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if o.Decode(sidecar.Fields("spec", "volumeClaimTemplates"), &templates) != nil {
		return nil // the API server reports what is wrong with it
	}
	for _, t := range templates {
		names = append(names, t.Metadata.Name)
	}
	return names
}

// fillNamespace adds what the namespace has to a view. What few patterns need is only read when they need it.
func (r *run) fillNamespace(w *sidecar.Workload) {
	in := w.Ref.Namespace
	w.Secrets = r.secretKeys(in)
	w.ConfigMaps = func(name string) *sidecar.ConfigMap {
		return r.readContent("ConfigMap", in, name, "data", "binaryData")
	}
	w.SecretObjects = func(name string) *sidecar.ConfigMap {
		return r.readContent("Secret", in, name, "data", "stringData")
	}
	w.HashedNames = func(kind, name string) string { return r.findHashed(kind, in, name) }
	w.ServiceAccounts = func(name string) map[string]string {
		o := r.findByName("ServiceAccount", in, name)
		if o == nil {
			return nil
		}
		defer o.Release()
		if all := o.Annotations(); all != nil {
			return all
		}
		return map[string]string{} // nil would mean that there's no such ServiceAccount
	}
	if o := r.findObject(sidecar.Ref{Kind: "Namespace", Name: in}); o != nil {
		w.Namespace = sidecar.Meta{Labels: o.Labels(), Annotations: o.Annotations()}
		w.PodSecurity = w.Namespace.Labels[sidecar.PodSecurityLabel]
		o.Release()
	}
}
