package rig

import (
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// view returns the view of a workload and of the objects around it. It adds what is wrong with it to the findings.
func (r *run) view(q *request, o *manifest.Object) (*sidecar.Workload, bool) {
	w, fs := r.decodeWorkload(q, o)
	r.addFindings(fs...)
	return w, !fs.Failed()
}

// decodeWorkload decodes a workload and the objects around it.
func (r *run) decodeWorkload(q *request, o *manifest.Object) (*sidecar.Workload, sidecar.Findings) {
	refuse := func(code, field, message, hint string) (*sidecar.Workload, sidecar.Findings) {
		return nil, sidecar.Findings{{Severity: sidecar.Error, Code: code, Object: o.Ref, File: o.File(), Line: lineOf(o),
			Field: field, Message: message, Hint: hint}}
	}
	at, _ := o.Template(r.all.Spec.PodTemplatePaths)
	w := &sidecar.Workload{Ref: o.Ref, Template: at, Annotations: o.Annotations(), Kubernetes: q.Spec.Kubernetes()}
	if err := o.Decode(at, &w.Pod); err != nil {
		return refuse("unreadable", at.String(), err.Error(), "")
	}
	if len(w.Pod.Spec.Containers) == 0 {
		return refuse("template-missing", "", "has no containers", "select a workload that has some")
	}
	w.Services, w.Claims = r.findServices(w), volumeClaims(o)
	w.MatchLabels = o.Strings("spec", "selector", "matchLabels")
	w.Replicas = replicasOf(o)
	r.fillNamespace(w)
	r.fillPolicies(w)
	return w, nil
}

// replicasOf returns the number of replicas of a workload, or nil if it has none.
func replicasOf(o *manifest.Object) *int32 {
	var n *int32
	if o.Decode(sidecar.Fields("spec", "replicas"), &n) != nil {
		return nil // the API server reports what is wrong with it
	}
	return n
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
