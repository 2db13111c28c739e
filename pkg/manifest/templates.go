package manifest

import (
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/manifest/positioned"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// custom has the paths of pod templates in custom resources that people have, by group and kind, where those aren't the
// usual ones. The first that an object has is served.
var custom = map[[2]string][]string{
	{"agent.k8s.elastic.co", "Agent"}:       elasticPods,
	{"apm.k8s.elastic.co", "ApmServer"}:     {"spec.podTemplate"},
	{"beat.k8s.elastic.co", "Beat"}:         elasticPods,
	{"kibana.k8s.elastic.co", "Kibana"}:     {"spec.podTemplate"},
	{"logstash.k8s.elastic.co", "Logstash"}: {"spec.podTemplate"},
	{"kubeflow.org", "MPIJob"}: {
		"spec.mpiReplicaSpecs.Launcher.template", "spec.mpiReplicaSpecs.Worker.template",
	},
	{"leaderworkerset.x-k8s.io", "LeaderWorkerSet"}: {
		"spec.leaderWorkerTemplate.leaderTemplate", "spec.leaderWorkerTemplate.workerTemplate",
	},
	{"ray.io", "RayCluster"}: {"spec.headGroupSpec.template"},
	{"ray.io", "RayJob"}:     {"spec.rayClusterSpec.headGroupSpec.template"},
	{"ray.io", "RayService"}: {"spec.rayClusterConfig.headGroupSpec.template"},
}

// elasticPods are where Elastic's operator has the pods of an agent: in one of them.
var elasticPods = []string{"spec.daemonSet.podTemplate", "spec.deployment.podTemplate", "spec.statefulSet.podTemplate"}

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
		if !slices.ContainsFunc(s.found, func(p sidecar.Path) bool { return slices.Equal(p, at) }) {
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
	return o.Ref.Kind == "Pod" && o.Ref.Group == "" || o.mayMention("containers")
}
