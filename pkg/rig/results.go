package rig

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/cost"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Own returns the findings without those about sidecars of documents that come from records. They are for a runner that
// runs these documents, too, each time: so a run says the same before and after the others have been run.
func (o Output) Own() sidecar.Findings { return o.own }

// Results returns the own findings for a runner that keeps results: one tells of each workload
// what it got and what it goes without.
func (o Output) Results() sidecar.Findings {
	told := func(f sidecar.Finding) bool {
		return isSkip(f) && slices.ContainsFunc(o.workloads, func(w sidecar.Finding) bool { return w.Object == f.Object })
	}
	return append(slices.DeleteFunc(slices.Clone(o.own), told), o.workloads...)
}

// isOwn reports whether a sidecar isn't one that only documents from records have.
func (r *run) isOwn(sidecar string) bool {
	return r.all.owner[sidecar] == nil || r.requestOf(r.docs).owner[sidecar] != nil
}

// ownFindings returns the findings without those about sidecars of documents that come from records.
func (r *run) ownFindings(fs sidecar.Findings) sidecar.Findings {
	return slices.DeleteFunc(slices.Clone(fs), func(f sidecar.Finding) bool { return !r.isOwn(f.Sidecar) })
}

// noteServed notes what a workload got.
func (r *run) noteServed(o *manifest.Object, w *sidecar.Workload, answers []sidecar.Answer) {
	own := slices.DeleteFunc(slices.Clone(answers), func(a sidecar.Answer) bool { return !r.isOwn(a.Name) })
	f := sidecar.Finding{Severity: sidecar.Info, Code: sidecar.Skipped, Object: o.Ref, File: o.File(),
		Field: w.Template.To("spec").String()}
	name := o.Ref.String()
	if w.IsPart {
		name += " " + w.Template.String()
	}
	if len(own) > 0 {
		f.Code, f.Message = "added", "added "+strings.Join(describeAnswers(own), ", ")
	}
	if len(answers) > 0 {
		has := describeAnswers(answers)
		pods, each := r.podsOf(o, w), cost.CountAdded(w, answers)
		if r.sum.AddWorkload(pods, each); len(sidecar.ContainerNames(answers)) > 0 {
			has = append(has, pods.Describe(each))
		}
		r.report = append(r.report, name+": "+strings.Join(has, "; "))
	}
	r.workloads = append(r.workloads, f)
}

// podsOf returns how many pods a workload has.
func (r *run) podsOf(o *manifest.Object, w *sidecar.Workload) cost.Pods {
	if r.least == nil {
		r.findAutoscalers()
	}
	var parallelism, completions *int32
	job := sidecar.Fields("spec")
	if o.Ref.Kind == "CronJob" {
		job = sidecar.Fields("spec", "jobTemplate", "spec")
	}
	_ = o.Decode(job.To("parallelism"), &parallelism) // the API server reports what is wrong with them
	_ = o.Decode(job.To("completions"), &completions)
	if parallelism != nil && completions != nil { // no more pods run than are left to complete
		parallelism = new(min(*parallelism, *completions))
	}
	return cost.CountPods(o.Ref, w.Replicas, parallelism, r.least[o.Ref])
}

// findAutoscalers finds how many pods HorizontalPodAutoscalers keep at least.
func (r *run) findAutoscalers() {
	r.least = map[sidecar.Ref]*int32{}
	for _, t := range r.texts {
		for _, o := range t.Objects {
			if o.Ref.Kind != "HorizontalPodAutoscaler" || o.IsToolConfig() {
				continue
			}
			var spec struct {
				MinReplicas    *int32
				ScaleTargetRef struct{ APIVersion, Kind, Name string }
			}
			var err error
			if o.Glance(func() { err = o.Decode(sidecar.Fields("spec"), &spec) }); err == nil {
				to := spec.ScaleTargetRef
				group, _, some := strings.Cut(to.APIVersion, "/")
				if !some {
					group = "" // it's a version alone
				}
				r.least[sidecar.Ref{Group: group, Kind: to.Kind, Namespace: o.Ref.Namespace, Name: to.Name}] =
					cmp.Or(spec.MinReplicas, new(int32(1)))
			}
		}
	}
}

// describeTotal returns the last line of the report.
func (r *run) describeTotal() string {
	counted := map[sidecar.Ref]bool{}
	for _, f := range r.workloads {
		counted[f.Object] = counted[f.Object] || f.Code != sidecar.Skipped
	}
	for _, f := range r.findings {
		if isSkip(f) && !counted[f.Object] {
			counted[f.Object] = true
			r.sum.AddSkipped()
		}
	}
	return r.sum.String()
}

// describeServed returns the findings about workloads, with the sidecars that they go without.
func (r *run) describeServed() sidecar.Findings {
	skips := map[podRef][]string{} // with a path where the object has several pod templates
	for _, f := range sortFindings(r.findings) {
		if isSkip(f) && f.Sidecar != "" && r.isOwn(f.Sidecar) {
			skips[podRef{f.Object, f.Field}] = append(skips[podRef{f.Object, f.Field}], f.Sidecar+": "+f.Message)
		}
	}
	var all sidecar.Findings
	for _, f := range r.workloads {
		why := slices.Concat(skips[podRef{f.Object, ""}], skips[podRef{f.Object, strings.TrimSuffix(f.Field, ".spec")}])
		has := slices.DeleteFunc(append([]string{f.Message}, why...), func(s string) bool { return s == "" })
		if f.Message = strings.Join(has, "; "); f.Message != "" {
			all = append(all, f)
		}
	}
	return sortFindings(all)
}

// isSkip reports whether a finding tells that a workload goes without a sidecar, as it may.
func isSkip(f sidecar.Finding) bool { return f.Code == sidecar.Skipped && f.Severity == sidecar.Info }

// describeAdditions lists in a few words what a sidecar adds. If it adds nothing, it lists what the sidecar sets.
func describeAdditions(a sidecar.Answer) []string {
	var has []string
	count := func(n int, one, many string) {
		if n == 1 {
			has = append(has, "1 "+one)
		} else if n > 1 {
			has = append(has, fmt.Sprintf("%d %s", n, many))
		}
	}
	if a.Placement == sidecar.Native {
		count(len(a.Change.Containers), "native sidecar", "native sidecars")
	} else {
		count(len(a.Change.Containers), "container", "containers")
	}
	count(len(a.Change.InitContainers), "init container", "init containers")
	count(len(a.Change.Objects), "object", "objects")
	for _, t := range a.Change.Takeovers {
		switch {
		case t.Front:
			has = append(has, fmt.Sprintf("port %d in front of %d", t.Port, t.AppPort))
		case t.Redirected:
			has = append(has, fmt.Sprintf("redirects port %d", t.Port))
		default:
			has = append(has, fmt.Sprintf("takes over port %d", t.Port))
		}
	}
	if len(has) > 0 {
		return has
	}
	count(len(a.Change.Volumes), "volume", "volumes")
	count(len(a.Change.ServicePorts), "Service port", "Service ports")
	count(len(a.Change.App.Env), "variable", "variables")
	count(len(a.Change.App.Args), "argument", "arguments")
	count(len(a.Change.App.VolumeMounts), "mount", "mounts")
	count(len(a.Change.App.Ports), "declared port", "declared ports")
	if !reflect.ValueOf(a.Change.Pod).IsZero() {
		has = append(has, "settings of the pod")
	}
	return has
}

// A Demand is a workload after a run, with the containers that it has got. A workload that got none has none.
type Demand struct {
	Meta       config.Meta
	Generated  bool              // the API server makes its name
	Selector   map[string]string // spec.selector.matchLabels; nil: it has none
	OptOut     string            // the path of the annotation or label by which it opts out of sidecars; "": it doesn't
	PodSkips   []string          // sidecars that its pod template opts out of; "*" is all
	Containers []Added
	Bare       []string // sidecars that have no container
}

// An Added is a container that a sidecar has added, as it is in the result.
type Added struct {
	corev1.Container
	Init    bool   // it's among the init containers, as native sidecars are
	Sidecar string // the name of the entry
	MaySkip bool   // its document allows opting out of it
}

// added is what is known of an [Added] before there's a result. Whole containers of thousands of workloads take much
// memory.
type added struct {
	name, sidecar string
	maySkip       bool
}

// A podRef names a pod template of an object.
type podRef struct {
	of sidecar.Ref
	at string
}

// noteAdded notes the containers that a workload gets.
func (r *run) noteAdded(q *request, o *manifest.Object, w *sidecar.Workload, answers []sidecar.Answer) {
	var all []added
	for i := range answers {
		a := &answers[i]
		may := false
		for j := range q.Spec.Patterns {
			if e := &q.Spec.Patterns[j]; e.Name == a.Name {
				may = q.Spec.MaySkip(e)
			}
		}
		if len(sidecar.ContainerNames(answers[i:i+1])) == 0 {
			all = append(all, added{sidecar: a.Name})
		}
		for c := range a.Change.AllContainers() {
			all = append(all, added{c.Name, a.Name, may})
		}
	}
	if r.added == nil {
		r.added = map[podRef][]added{}
	}
	r.added[podRef{o.Ref, w.Template.String()}] = all
}

// Demands returns all workloads of the result, in its order: each pod template of them.
func (o Output) Demands() (all []Demand, err error) {
	var texts []*manifest.Text
	for _, f := range o.Files() {
		t, err := manifest.Parse(f.Name, f.Text)
		if err != nil {
			return nil, err
		}
		texts = append(texts, t)
	}
	numberGenerated(texts)
	for _, t := range texts {
		for _, obj := range t.Objects {
			for _, at := range obj.Templates(o.templatePaths) {
				if obj.IsToolConfig() {
					break
				}
				d, err := o.demandOf(obj, at)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", obj.Ref, err)
				}
				all = append(all, d)
			}
			obj.Release()
		}
	}
	return all, nil
}

// demandOf returns what a workload has got.
func (o Output) demandOf(obj *manifest.Object, at sidecar.Path) (Demand, error) {
	optOut := readOptOut(obj, at)
	labels, annotations := obj.Labels(), obj.Annotations()
	pods := podLabels(obj, at)
	d := Demand{Generated: obj.IsGenerated(), OptOut: optOut.source,
		Selector: obj.Strings("spec", "selector", "matchLabels")}
	d.Meta = config.Meta{Ref: obj.Ref, Version: obj.Version,
		Labels:      func() map[string]string { return labels },
		Annotations: func() map[string]string { return annotations },
		PodLabels:   func() []map[string]string { return []map[string]string{pods} }}
	if strings.HasPrefix(optOut.source, at.To("metadata").String()+".") {
		d.PodSkips = optOut.names
	}
	var spec corev1.PodSpec
	if err := obj.Decode(at.To("spec"), &spec); err != nil {
		return d, err
	}
	for _, a := range o.added[podRef{obj.Ref, at.String()}] {
		if a.name == "" {
			d.Bare = append(d.Bare, a.sidecar)
			continue
		}
		c, init := findContainer(&spec, a.name)
		if c == nil {
			return d, fmt.Errorf("has no container %s, which %s adds", a.name, a.sidecar)
		}
		d.Containers = append(d.Containers, Added{*c, init, a.sidecar, a.maySkip})
	}
	return d, nil
}

// findContainer finds a container of a pod by its name, or nil.
func findContainer(spec *corev1.PodSpec, name string) (c *corev1.Container, init bool) {
	for i := range spec.InitContainers {
		if spec.InitContainers[i].Name == name {
			return &spec.InitContainers[i], true
		}
	}
	for i := range spec.Containers {
		if spec.Containers[i].Name == name {
			return &spec.Containers[i], false
		}
	}
	return nil, false
}
