package neighbour

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var (
	quotaKind      = Kind{"", "ResourceQuota"}
	limitRangeKind = Kind{"", "LimitRange"}
)

// Limits reports whether objects of a kind limit what the pods of their namespace take.
func Limits(k Kind) bool { return k == quotaKind || k == limitRangeKind }

// An admittedPod is a pod that the API server admits, or refuses, by the quotas and limit ranges of its namespace.
type admittedPod struct {
	pods          int64
	before, after *corev1.PodSpec
	own           map[string]string                      // sidecars, by the names of their containers
	set           map[string]corev1.ResourceRequirements // what the containers say themselves, by their names
}

func newAdmittedPod(w *sidecar.Workload, answers []sidecar.Answer, with *corev1.PodSpec) admittedPod {
	after := *with
	after.Resources = sidecar.RaiseResources(with)
	p := admittedPod{pods: 1, after: &after, own: map[string]string{},
		set: map[string]corev1.ResourceRequirements{}}
	if w.Replicas != nil {
		p.pods = int64(*w.Replicas)
	}
	for i := range answers {
		for c := range answers[i].Change.AllContainers() {
			p.own[c.Name], p.set[c.Name] = answers[i].Name, c.Resources
		}
	}
	isOwn := func(c corev1.Container) bool { return p.own[c.Name] != "" }
	p.before = &corev1.PodSpec{Resources: w.Pod.Spec.Resources, ActiveDeadlineSeconds: w.Pod.Spec.ActiveDeadlineSeconds,
		InitContainers: slices.DeleteFunc(slices.Clone(with.InitContainers), isOwn),
		Containers:     slices.DeleteFunc(slices.Clone(with.Containers), isOwn)}
	return p
}

// canSet reports whether an override changes a resource of a container: any of its sidecar's main one, and of others
// what they leave open.
func (p *admittedPod) canSet(container, place string) bool {
	main, set := p.own[container], p.set[container]
	if p.own[main] != main || container == main {
		return true
	}
	_, there := lookUp(&set, place)
	_, limited := lookUp(&set, strings.Replace(place, "requests.", "limits.", 1))
	return !there && !limited
}

// checkAdmitted finds quotas and limit ranges by which the API server would refuse pods because of their sidecars. It
// looks at them after all defaults (k8s.io/kubernetes, plugin/pkg/admission/limitranger and
// pkg/quota/v1/evaluator/core).
func checkAdmitted(s *scene, r *Result) {
	pods := map[string][]*Footprint{} // by namespace
	for _, f := range s.footprints {
		if len(f.admitted.own) > 0 {
			pods[f.Ref.Namespace] = append(pods[f.Ref.Namespace], f)
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(pods)) {
		ranges, quotas := s.Objects(limitRangeKind, namespace, nil), s.Objects(quotaKind, namespace, nil)
		if len(ranges)+len(quotas) == 0 {
			continue
		}
		for _, f := range pods[namespace] {
			f.admitted.before = withDefaults(f.admitted.before, ranges)
			f.admitted.after = withDefaults(f.admitted.after, ranges)
			for _, o := range ranges {
				f.checkRange(&o, r)
			}
			for _, o := range quotas {
				f.checkQuota(&o, r)
			}
		}
		for _, o := range quotas {
			checkTotal(&o, pods[namespace], r)
		}
	}
}

// withDefaults returns a pod whose containers have what the API server sets: the limit for a missing request, then what
// limit ranges set.
func withDefaults(pod *corev1.PodSpec, ranges []Object) *corev1.PodSpec {
	pod = pod.DeepCopy()
	for c := range sidecar.PodContainers(pod) {
		setMissing(&c.Resources.Requests, c.Resources.Limits)
	}
	for _, o := range ranges {
		for _, item := range o.Spec.(*corev1.LimitRangeSpec).Limits {
			if item.Type != corev1.LimitTypeContainer {
				continue
			}
			limits, requests := maps.Clone(item.Default), maps.Clone(item.DefaultRequest)
			setMissing(&limits, item.Max)
			setMissing(&requests, limits)
			setMissing(&requests, item.Min)
			for c := range sidecar.PodContainers(pod) {
				setMissing(&c.Resources.Limits, limits)
				setMissing(&c.Resources.Requests, requests)
			}
		}
	}
	return pod
}

// setMissing sets the resources that a list doesn't have.
func setMissing(to *corev1.ResourceList, from corev1.ResourceList) {
	for name, q := range from {
		if _, there := (*to)[name]; !there {
			if *to == nil {
				*to = corev1.ResourceList{}
			}
			(*to)[name] = q
		}
	}
}

// A refusal is why a container, or a pod, is refused, and what would have to change.
type refusal struct{ why, field string }

// checkRange finds containers of sidecars that a limit range refuses, and pods that it refuses with them.
func (f *Footprint) checkRange(o *Object, r *Result) {
	for i, item := range o.Spec.(*corev1.LimitRangeSpec).Limits {
		field := fmt.Sprintf("spec.limits[%d]", i)
		switch {
		case item.Type == corev1.LimitTypeContainer:
			for c := range sidecar.PodContainers(f.admitted.after) {
				if name := f.admitted.own[c.Name]; name != "" {
					all := findRefusals(&item, c.Resources.Requests, c.Resources.Limits)
					f.reportRefused(o, field, name, c.Name, append(all, findInverted(&c.Resources)...), r)
				}
			}
		case item.Type == corev1.LimitTypePod:
			if before := f.admitted.before; len(findRefusals(&item, requestsOf(before), limitsOf(before))) == 0 {
				after := findRefusals(&item, requestsOf(f.admitted.after), limitsOf(f.admitted.after))
				f.reportRefused(o, field, f.firstSidecar(), "", after, r)
			}
		}
	}
}

// firstSidecar returns the sidecar with the pod's first container of a sidecar.
func (f *Footprint) firstSidecar() string {
	for c := range sidecar.PodContainers(f.admitted.after) {
		if name := f.admitted.own[c.Name]; name != "" {
			return name
		}
	}
	return ""
}

// reportRefused reports a pod that is refused, for one of its containers or, without one, as a whole.
func (f *Footprint) reportRefused(o *Object, field, name, container string, all []refusal, r *Result) {
	var why, fields []string
	canSet := true
	for _, one := range all {
		why = append(why, one.why)
		if set := "override.resources." + one.field; !slices.Contains(fields, set) {
			fields = append(fields, set)
		}
		canSet = canSet && f.admitted.canSet(container, one.field)
	}
	if why == nil {
		return
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "limit-range", Object: o.Ref, Sidecar: name, Field: field,
		Message: fmt.Sprintf("refuses the pods of %s: %s %s", f.Ref,
			choose(container == "", "a pod with sidecars", "container "+container), strings.Join(why, ", ")),
		Hint: choose(canSet, "set "+strings.Join(fields, " and "),
			"change the LimitRange, or the container in what outrigger explain --expand prints: no override reaches it")})
}

// requestsOf returns what a pod requests. Its own requests replace the sums, and its own limits are requests where
// there are neither.
func requestsOf(pod *corev1.PodSpec) corev1.ResourceList {
	all := sumOf(pod, sidecar.SumRequests)
	if pod.Resources != nil {
		maps.Copy(all, pod.Resources.Requests)
		setMissing(&all, pod.Resources.Limits)
	}
	return all
}

// limitsOf returns what a pod may use.
func limitsOf(pod *corev1.PodSpec) corev1.ResourceList {
	all := sumOf(pod, sidecar.SumLimits)
	if pod.Resources != nil {
		maps.Copy(all, pod.Resources.Limits)
	}
	return all
}

// sumOf returns the sums of all resources of a pod's containers.
func sumOf(pod *corev1.PodSpec, sum func(*corev1.PodSpec, corev1.ResourceName) resource.Quantity) corev1.ResourceList {
	all := corev1.ResourceList{}
	for c := range sidecar.PodContainers(pod) {
		for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
			for name := range list {
				if q := sum(pod, name); !q.IsZero() {
					all[name] = q
				}
			}
		}
	}
	return all
}

// findRefusals returns what of some resources a limit range doesn't allow.
func findRefusals(item *corev1.LimitRangeItem, requests, limits corev1.ResourceList) (all []refusal) {
	add := func(field string, name corev1.ResourceName, format string, args ...any) {
		all = append(all, refusal{fmt.Sprintf(format, args...), field + "." + string(name)})
	}
	for _, name := range slices.Sorted(maps.Keys(item.Min)) {
		least := item.Min[name]
		if q := requests[name]; q.Cmp(least) < 0 {
			add("requests", name, "requests %s %s, less than %s", &q, name, &least)
		} else if q, limited := limits[name]; limited && q.Cmp(least) < 0 {
			add("limits", name, "has a limit of %s %s, less than %s", &q, name, &least)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(item.Max)) {
		most := item.Max[name]
		if q, limited := limits[name]; !limited {
			add("limits", name, "has no %s limit, which may be %s", name, &most)
		} else if q.Cmp(most) > 0 {
			add("limits", name, "has a limit of %s %s, more than %s", &q, name, &most)
		} else if q := requests[name]; q.Cmp(most) > 0 {
			add("requests", name, "requests %s %s, more than %s", &q, name, &most)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(item.MaxLimitRequestRatio)) {
		most, request, limit := item.MaxLimitRequestRatio[name], requests[name], limits[name]
		switch ratio := limit.AsApproximateFloat64() / request.AsApproximateFloat64(); {
		case limit.IsZero():
			add("limits", name, "has no %s limit, which may be %s times its request", name, &most)
		case request.IsZero():
			add("requests", name, "requests no %s, and its limit may be %s times that", name, &most)
		case ratio > most.AsApproximateFloat64():
			add("limits", name, "has a limit of %s %s, more than %s times its request of %s", &limit, name, &most, &request)
		}
	}
	return all
}

// findInverted returns requests above the limit that a limit range sets by default.
func findInverted(resources *corev1.ResourceRequirements) (all []refusal) {
	for _, name := range slices.Sorted(maps.Keys(resources.Limits)) {
		request, limit := resources.Requests[name], resources.Limits[name]
		if request.Cmp(limit) > 0 {
			all = append(all, refusal{fmt.Sprintf("requests %s %s, more than its default limit of %s", &request, name, &limit),
				"limits." + string(name)})
		}
	}
	return all
}

// demandedNames are what a quota demands of each container, if it counts that, with the place where it's written.
var demandedNames = map[corev1.ResourceName]string{
	corev1.ResourceCPU: "requests.cpu", corev1.ResourceMemory: "requests.memory",
	corev1.ResourceRequestsCPU: "requests.cpu", corev1.ResourceRequestsMemory: "requests.memory",
	corev1.ResourceLimitsCPU: "limits.cpu", corev1.ResourceLimitsMemory: "limits.memory",
}

// lookUp returns what a container has of limits.cpu, or the like.
func lookUp(resources *corev1.ResourceRequirements, place string) (resource.Quantity, bool) {
	list, name, _ := strings.Cut(place, ".")
	from := resources.Requests
	if list == "limits" {
		from = resources.Limits
	}
	q, there := from[corev1.ResourceName(name)]
	return q, there
}

// appliesTo reports whether a quota counts the pods. Priority classes and other scopes depend on the cluster.
func appliesTo(q *corev1.ResourceQuotaSpec, pod *corev1.PodSpec) bool {
	scopes := slices.Clone(q.Scopes)
	if q.ScopeSelector != nil {
		for _, e := range q.ScopeSelector.MatchExpressions {
			scopes = append(scopes, e.ScopeName)
		}
	}
	return !slices.ContainsFunc(scopes, func(s corev1.ResourceQuotaScope) bool {
		switch s {
		case corev1.ResourceQuotaScopeNotBestEffort:
			return false
		case corev1.ResourceQuotaScopeTerminating:
			return pod.ActiveDeadlineSeconds == nil
		case corev1.ResourceQuotaScopeNotTerminating:
			return pod.ActiveDeadlineSeconds != nil
		}
		return true
	})
}

// checkQuota finds containers of sidecars that lack what a quota demands of each container. It's no finding if the
// manifest's own containers lack it, too: something else sets it then.
func (f *Footprint) checkQuota(o *Object, r *Result) {
	q := o.Spec.(*corev1.ResourceQuotaSpec)
	if f.admitted.after.Resources != nil || !appliesTo(q, f.admitted.before) {
		return // resources of the pod itself are enough for a quota
	}
	var demanded []string
	for name := range q.Hard {
		if place := demandedNames[name]; place != "" && !slices.Contains(demanded, place) {
			demanded = append(demanded, place)
		}
	}
	slices.Sort(demanded)
	for c := range sidecar.PodContainers(f.admitted.after) {
		var missing, fields []string
		for _, place := range demanded {
			if _, there := lookUp(&c.Resources, place); !there && f.hasAll(place) {
				missing, fields = append(missing, place), append(fields, "override.resources."+place)
			}
		}
		if name := f.admitted.own[c.Name]; name != "" && missing != nil {
			r.addFindings(sidecar.Finding{Severity: sidecar.Error, Code: "quota-unset", Object: o.Ref, Sidecar: name,
				Field: "spec.hard", Message: fmt.Sprintf("counts %s, so the pods of %s are refused: container %s has none",
					strings.Join(missing, " and "), f.Ref, c.Name),
				Hint: "set " + strings.Join(fields, " and ")})
		}
	}
}

// hasAll reports whether all of the manifest's own containers have limits.cpu, or the like.
func (f *Footprint) hasAll(place string) bool {
	for c := range sidecar.PodContainers(f.admitted.before) {
		if _, there := lookUp(&c.Resources, place); !there {
			return false
		}
	}
	return true
}

// checkTotal finds a quota that holds the pods of the workloads without their sidecars, and not with them.
func checkTotal(o *Object, pods []*Footprint, r *Result) {
	q := o.Spec.(*corev1.ResourceQuotaSpec)
	var over []string
	var first *Footprint
	for _, name := range slices.Sorted(maps.Keys(q.Hard)) {
		place := demandedNames[name]
		if place == "" {
			continue
		}
		var before, after resource.Quantity
		for _, f := range pods {
			if appliesTo(q, f.admitted.before) && f.admitted.after.Resources == nil {
				before.Add(f.admitted.total(f.admitted.before, place))
				after.Add(f.admitted.total(f.admitted.after, place))
				first = cmp.Or(first, f)
			}
		}
		if hard := q.Hard[name]; before.Cmp(hard) <= 0 && after.Cmp(hard) > 0 {
			over = append(over, fmt.Sprintf("%s %s of %s (%s without sidecars)", &after, place, &hard, &before))
		}
	}
	if over == nil {
		return
	}
	who := first.Ref.String()
	if len(pods) > 1 {
		who += fmt.Sprintf(" and %d more", len(pods)-1)
	}
	r.addFindings(sidecar.Finding{Severity: sidecar.Warning, Code: "quota-exceeded", Object: o.Ref,
		Sidecar: first.firstSidecar(), Field: "spec.hard",
		Message: fmt.Sprintf("doesn't hold all pods of %s: they take %s", who, strings.Join(over, ", ")),
		Hint:    "raise it, or write lower override.resources"})
}

// total returns what all pods of a workload take of a quota's limits.cpu, or the like.
func (p *admittedPod) total(pod *corev1.PodSpec, place string) resource.Quantity {
	list, name, _ := strings.Cut(place, ".")
	sum := sidecar.SumRequests
	if list == "limits" {
		sum = sidecar.SumLimits
	}
	q := sum(pod, corev1.ResourceName(name))
	q.Mul(p.pods)
	return q
}
