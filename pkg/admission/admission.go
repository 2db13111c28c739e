// Package admission writes ValidatingAdmissionPolicies with which the API server refuses workloads and pods that come
// without their sidecars. A policy looks for containers, and trusts no annotation, label or record about them.
package admission

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Workload is one of the manifests, with the containers that it must have.
type Workload struct {
	Ref       sidecar.Ref // without a namespace, those of this name in all namespaces
	Generated bool        // the API server makes the name: Ref has what it begins with
	PodLabels map[string]string
	Selector  map[string]string // spec.selector.matchLabels; nil: it has none
	// OptOut is the path of the annotation or label by which it opts out of sidecars; "" if it doesn't. PodSkips are
	// those that its pods opt out of by themselves, as its pod template says; "*" means all.
	OptOut     string
	PodSkips   []string
	Containers []Container
}

// A Container is one that a workload must have.
type Container struct {
	Name          string
	Image         string // with or without a tag and a digest, which don't count
	Init          bool   // it's among the init containers, as native sidecars are
	RestartPolicy string // "" or, for a native sidecar, "Always"
	Sidecar       string // the name by which a workload may opt out; "": it may not
}

// A Selection matches workloads of the cluster by their labels.
type Selection struct {
	Kinds       []string        // of those in [Kinds]
	Name        string          // a regular expression for the whole name; "" matches all
	Namespace   string          // the same for the namespace
	Labels      labels.Selector // nil matches all, here and below
	Annotations labels.Selector
	PodLabels   labels.Selector
}

// A Labelled is what workloads must have that match one of Select and none of Exclude, and aren't among the manifests.
type Labelled struct {
	Select, Exclude []Selection
	Namespaces      []string // nil: all
	Containers      []Container
}

// Options say what to write.
type Options struct {
	Header string // the comment at the beginning
	Name   string // of the policies, without its ending
	WayOut string // the end of each message: what to do
	// Rules are those to write: [WorkloadRule] and [PodRule].
	Rules []string
}

const (
	// WorkloadRule judges workloads when they are applied.
	WorkloadRule = "workloads"
	// PodRule judges pods when they are created.
	PodRule = "pods"
)

// OldestKubernetes is the first version of Kubernetes with ValidatingAdmissionPolicies in
// admissionregistration.k8s.io/v1
// (https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy).
var OldestKubernetes = sidecar.Version{Major: 1, Minor: 30}

// Kinds returns the kinds of workloads that are judged when they are applied, with their groups.
func Kinds() map[string]string {
	all := map[string]string{}
	for _, k := range judged {
		all[k.kind] = k.group
	}
	return all
}

// judged are the kinds of [Kinds].
var judged = []struct{ kind, group, resource string }{
	{"Deployment", "apps", "deployments"},
	{"StatefulSet", "apps", "statefulsets"},
	{"DaemonSet", "apps", "daemonsets"},
	{"Job", "batch", "jobs"},
	{"CronJob", "batch", "cronjobs"},
}

// isJudged reports whether a workload is of one of [Kinds].
func isJudged(ref sidecar.Ref) bool {
	return slices.ContainsFunc(judged, func(k struct{ kind, group, resource string }) bool {
		return k.kind == ref.Kind && k.group == ref.Group
	})
}

// Write returns policies and bindings, as a YAML stream, and what people should know about them. If a finding is an
// error, there is no text.
func Write(workloads []Workload, labelled []Labelled, opt Options) (text string, fs sidecar.Findings) {
	var objects []values.Map
	workloads, labelled = cutTags(workloads, labelled)
	if slices.Contains(opt.Rules, WorkloadRule) {
		rules, more := workloadRules(workloads, labelled)
		fs = append(fs, more...)
		objects = append(objects, policyOf(&workloadPolicy, rules, opt)...)
	}
	if slices.Contains(opt.Rules, PodRule) {
		rules, more := podRules(workloads)
		fs = append(fs, more...)
		objects = append(objects, policyOf(&podPolicy, rules, opt)...)
	}
	if len(objects) == 0 {
		return "", append(fs, describeEmpty(workloads, opt))
	}
	fs = append(fs, checkLengths(objects)...)
	if fs.Failed() {
		return "", fs
	}
	text = opt.Header
	for i, o := range objects {
		if i > 0 {
			text += "---\n"
		}
		text += values.Style{Indent: 2, Newline: "\n"}.FormatMapping(o, 0) + "\n"
	}
	return text, fs
}

// describeEmpty returns why there is no policy.
func describeEmpty(workloads []Workload, opt Options) sidecar.Finding {
	f := sidecar.Finding{Severity: sidecar.Error, Code: "policy-empty",
		Message: "the sidecars of no workload have containers that a policy could look for",
		Hint:    "name manifests of workloads that the documents select"}
	has := slices.ContainsFunc(workloads, func(w Workload) bool { return len(w.Containers) > 0 })
	if has && !slices.Contains(opt.Rules, PodRule) {
		f.Message = "no workload is a Deployment, StatefulSet, DaemonSet, Job or CronJob, and others are judged by their " +
			"pods alone"
		f.Hint = "write the rule for pods"
	} else if has {
		f.Message = "the rule for pods can't tell those with sidecars from others"
		f.Hint = "give the pods labels of their own"
	}
	return f
}

// cutTags returns the same with images without tags and digests, which don't count.
func cutTags(workloads []Workload, labelled []Labelled) ([]Workload, []Labelled) {
	cut := func(all []Container) []Container {
		all = slices.Clone(all)
		for i := range all {
			all[i].Image = Repository(all[i].Image)
		}
		return all
	}
	workloads, labelled = slices.Clone(workloads), slices.Clone(labelled)
	for i := range workloads {
		workloads[i].Containers = cut(workloads[i].Containers)
	}
	for i := range labelled {
		labelled[i].Containers = cut(labelled[i].Containers)
	}
	return workloads, labelled
}
