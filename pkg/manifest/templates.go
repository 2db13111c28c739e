package manifest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// templates are the paths of pod templates in known kinds and in most custom resources.
var templates = []string{"spec.template", "spec.jobTemplate.spec.template", "spec.jobTargetRef.template", "template"}

// builtin has the kinds of Kubernetes itself with a pod template, by group and kind.
var builtin = map[[2]string]string{
	{"apps", "Deployment"}: "spec.template", {"extensions", "Deployment"}: "spec.template",
	{"apps", "DaemonSet"}: "spec.template", {"extensions", "DaemonSet"}: "spec.template",
	{"apps", "ReplicaSet"}: "spec.template", {"extensions", "ReplicaSet"}: "spec.template",
	{"apps", "StatefulSet"}: "spec.template", {"", "ReplicationController"}: "spec.template",
	{"batch", "Job"}: "spec.template", {"batch", "CronJob"}: "spec.jobTemplate.spec.template",
	{"", "PodTemplate"}: "template",
}

// custom has the paths of pod templates in custom resources that people have, by group and kind, where those aren't the
// usual ones. An object has one of them.
var custom = map[[2]string][]string{
	{"agent.k8s.elastic.co", "Agent"}:       elasticPods,
	{"apm.k8s.elastic.co", "ApmServer"}:     {"spec.podTemplate"},
	{"beat.k8s.elastic.co", "Beat"}:         elasticPods,
	{"kibana.k8s.elastic.co", "Kibana"}:     {"spec.podTemplate"},
	{"logstash.k8s.elastic.co", "Logstash"}: {"spec.podTemplate"},
}

// elasticPods are where Elastic's operator has the pods of an agent: in one of them.
var elasticPods = []string{"spec.daemonSet.podTemplate", "spec.deployment.podTemplate", "spec.statefulSet.podTemplate"}

// parted has those of kinds whose objects may have several pod templates: all are served.
var parted = map[[2]string][]string{
	{"argoproj.io", "AnalysisRun"}:                    analysisPods,
	{"argoproj.io", "AnalysisTemplate"}:               analysisPods,
	{"argoproj.io", "ClusterAnalysisTemplate"}:        analysisPods,
	{"argoproj.io", "Experiment"}:                     {"spec.templates[*].template"},
	{"batch.volcano.sh", "Job"}:                       {"spec.tasks[*].template"},
	{"elasticsearch.k8s.elastic.co", "Elasticsearch"}: {"spec.nodeSets[*].podTemplate"},
	{"jobset.x-k8s.io", "JobSet"}:                     {"spec.replicatedJobs[*].template.spec.template"},
	{"kubeflow.org", "MPIJob"}: {
		"spec.mpiReplicaSpecs.Launcher.template", "spec.mpiReplicaSpecs.Worker.template",
	},
	{"kubeflow.org", "PyTorchJob"}: {
		"spec.pytorchReplicaSpecs.Master.template", "spec.pytorchReplicaSpecs.Worker.template",
	},
	{"leaderworkerset.x-k8s.io", "LeaderWorkerSet"}: {
		"spec.leaderWorkerTemplate.leaderTemplate", "spec.leaderWorkerTemplate.workerTemplate",
	},
	{"ray.io", "RayCluster"}: {"spec.headGroupSpec.template", "spec.workerGroupSpecs[*].template"},
	{"ray.io", "RayJob"}: {
		"spec.rayClusterSpec.headGroupSpec.template", "spec.rayClusterSpec.workerGroupSpecs[*].template",
		"spec.submitterPodTemplate",
	},
	{"ray.io", "RayService"}: {
		"spec.rayClusterConfig.headGroupSpec.template", "spec.rayClusterConfig.workerGroupSpecs[*].template",
	},
}

// analysisPods are the Jobs that measure something for an analysis of Argo's.
var analysisPods = []string{"spec.metrics[*].provider.job.spec.template"}

// TemplatePaths returns the paths at which pod templates are looked for: more, and the usual ones.
func TemplatePaths(more []string) []string { return slices.Concat(more, templates) }

// anyEntry ends a field of such a path that holds a list: each entry may have a pod template.
const anyEntry = "[*]"

// Template returns the first of [Object.Templates], if there is one.
func (o *Object) Template(more []string) (sidecar.Path, bool) {
	all := o.Templates(more)
	if len(all) == 0 {
		return nil, false
	}
	return all[0], true
}

// Templates finds all pod templates of the object by their shape: a spec with containers. A kind of Kubernetes itself
// has one at most. more has paths in addition to the usual ones.
func (o *Object) Templates(more []string) (all []sidecar.Path) {
	if o.Ref.Kind == "Pod" && o.Ref.Group == "" {
		return []sidecar.Path{{}}
	}
	if isPodless(o.Ref) || !o.mayMention("containers") {
		return nil
	}
	kind := [2]string{o.Ref.Group, o.Ref.Kind}
	if known, ok := builtin[kind]; ok {
		return findTemplates(o.rootNode(), strings.Split(known, "."), nil)
	}
	at := TemplatePaths(slices.Concat(more, custom[kind], parted[kind]))
	for i, t := range at {
		if !slices.Contains(at[:i], t) {
			all = append(all, findTemplates(o.rootNode(), strings.Split(t, "."), nil)...)
		}
	}
	return all
}

// findTemplates returns the paths of pod templates to which some fields lead from a node, whose own path is at.
func findTemplates(n *positioned.Node, fields []string, at sidecar.Path) (all []sidecar.Path) {
	visitNodes(n, fields, at, func(n *positioned.Node, at sidecar.Path) {
		list := n.At("spec", "containers").Resolve()
		isBroken := list != nil && list.Kind != positioned.Sequence
		if list == nil || list.IsNull() || isBroken && !at.EntersList() {
			return
		}
		all = append(all, at) // one among others that can't be read is refused, not passed by
	})
	return all
}

// visitNodes visits the nodes to which some fields lead from a node, whose own path is at.
func visitNodes(n *positioned.Node, fields []string, at sidecar.Path, visit func(*positioned.Node, sidecar.Path)) {
	for i, field := range fields {
		name, inList := strings.CutSuffix(field, anyEntry)
		n, at = n.At(name), at.To(name)
		switch {
		case n == nil || inList && n.Kind != positioned.Sequence:
			return
		case inList:
			for j, step := range entrySteps(n) {
				visitNodes(n.Values[j].Resolve(), fields[i+1:], append(slices.Clip(at), step), visit)
			}
			return
		}
	}
	visit(n, at)
}

// PartOf returns the name of one of the object's pod templates, for names of objects that are made for it; "" for one
// that is the only one of its kind.
func (o *Object) PartOf(all []sidecar.Path, at sidecar.Path) string {
	if parted[[2]string{o.Ref.Group, o.Ref.Kind}] == nil && len(all) < 2 && !at.EntersList() {
		return ""
	}
	name, times := o.namePart(at), 1
	for _, other := range all {
		if slices.Equal(other, at) {
			break
		}
		if o.namePart(other) == name {
			times++
		}
	}
	if times > 1 {
		name = strings.TrimPrefix(name+"-"+strconv.Itoa(times), "-")
	}
	return name
}

// namePart makes a name of a path: of the entries of lists, with their position where they have no name, or of the
// last field that tells more than that there's a template. headGroupSpec.template is head.
func (o *Object) namePart(at sidecar.Path) string {
	var words []string
	for i, s := range at {
		if s.Field != "" {
			continue
		}
		if s.Key == sidecar.Position { // another entry may have the name
			entry := reachNode(o.rootNode(), at[:i+1])
			if name := entryStep(entry).Value; name != "" {
				s.Value = name + "-" + s.Value
			}
		}
		words = append(words, s.Value)
	}
	for i := len(at) - 1; i >= 0 && len(words) == 0; i-- {
		word := strings.ToLower(at[i].Field)
		for _, rest := range []string{"template", "pod", "spec", "group"} {
			word = strings.TrimSuffix(word, rest)
		}
		if word != "" {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return sidecar.Label(strings.Join(words, "-"))
}

// patterned are groups whose objects show what pods must or mustn't look like.
var patterned = []string{"kyverno.io", "gatekeeper.sh", "admissionregistration.k8s.io"}

// TemplatesElsewhere returns the paths of pod templates that [Object.Templates] doesn't find, by their shape. A step
// into a list is "*".
func (o *Object) TemplatesElsewhere(more []string) []sidecar.Path {
	_, known := builtin[[2]string{o.Ref.Group, o.Ref.Kind}]
	isPattern := slices.ContainsFunc(patterned, func(g string) bool { return strings.HasSuffix(o.Ref.Group, g) })
	if known || isPattern || isPodless(o.Ref) || !o.mayMention("containers") {
		return nil
	}
	s := &templateSearch{found: o.Templates(more)}
	n := len(s.found)
	if spec := o.rootNode().Field("spec"); spec != nil {
		s.search(spec, sidecar.Fields("spec"))
	}
	return s.found[n:]
}

// elasticGroup ends the groups of kinds whose pods Elastic's operator makes even where the object has no template for
// them: podTemplate is optional, and so are its containers.
const elasticGroup = ".k8s.elastic.co"

// TemplatesAbsent returns the paths where the pods of an object could have a template with containers, and have none.
func (o *Object) TemplatesAbsent(more []string) (absent []sidecar.Path) {
	if !strings.HasSuffix(o.Ref.Group, elasticGroup) {
		return nil
	}
	kind := [2]string{o.Ref.Group, o.Ref.Kind}
	found := o.Templates(more)
	for _, t := range slices.Concat(custom[kind], parted[kind]) {
		fields := strings.Split(t, ".")
		last := len(fields) - 1
		visitNodes(o.rootNode(), fields[:last], nil, func(_ *positioned.Node, at sidecar.Path) {
			at = at.To(fields[last])
			if !slices.ContainsFunc(found, func(p sidecar.Path) bool { return slices.Equal(p, at) }) {
				absent = append(absent, at)
			}
		})
	}
	return absent
}

// deepest is how many steps below an object pod templates are looked for.
const deepest = 12

// A templateSearch collects the paths of pod templates. Those found before aren't found again.
type templateSearch struct{ found []sidecar.Path }

func (s *templateSearch) search(n *positioned.Node, at sidecar.Path) {
	if n = n.Resolve(); n == nil || len(at) > deepest {
		return
	}
	if n.Kind == positioned.Sequence {
		for _, v := range n.Values {
			s.search(v, append(slices.Clip(at), sidecar.Step{Value: "*"}))
		}
		return
	}
	if n.Kind != positioned.Mapping {
		return
	}
	if list := n.At("spec", "containers").Resolve(); list != nil && list.Kind == positioned.Sequence {
		if !slices.ContainsFunc(s.found, at.HasShape) {
			s.found = append(s.found, slices.Clone(at))
		}
		return
	}
	for name, v := range n.EachField {
		s.search(v, at.To(name))
	}
}

// isPodless reports whether a kind of Kubernetes itself has no pod template, though its text may speak of containers:
// those that are many, and the largest.
func isPodless(ref sidecar.Ref) bool {
	switch ref.Group {
	case "":
		return ref.Kind == "ConfigMap" || ref.Kind == "Secret" || ref.Kind == "Service"
	case "apiextensions.k8s.io", "rbac.authorization.k8s.io", "networking.k8s.io":
		return true
	}
	return false
}

// MayHaveTemplate reports whether the object may have a pod template, without reading it.
func (o *Object) MayHaveTemplate() bool {
	return o.Ref.Kind == "Pod" && o.Ref.Group == "" || !isPodless(o.Ref) && o.mayMention("containers")
}
