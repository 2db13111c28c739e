package oracle

import (
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// templates are where custom resources have pod templates: of an object, the first is checked. Those behind the third
// are of one kind each: Elastic's, LeaderWorkerSet, MPIJob, and Ray's.
var templates = []string{
	"spec.template", "spec.jobTemplate.spec.template", "spec.jobTargetRef.template",
	"spec.podTemplate", "spec.daemonSet.podTemplate", "spec.deployment.podTemplate", "spec.statefulSet.podTemplate",
	"spec.leaderWorkerTemplate.leaderTemplate", "spec.leaderWorkerTemplate.workerTemplate",
	"spec.mpiReplicaSpecs.Launcher.template", "spec.mpiReplicaSpecs.Worker.template",
	"spec.headGroupSpec.template", "spec.rayClusterSpec.headGroupSpec.template",
	"spec.rayClusterConfig.headGroupSpec.template",
}

// podTemplate finds the pod template of a custom resource, and gives it as an
// object that the API server knows.
func (d document) podTemplate() (at string, _ document, ok bool) {
	for _, at := range templates {
		template, ok, _ := unstructured.NestedMap(d.Object, strings.Split(at, ".")...)
		if !ok {
			continue
		}
		if _, ok, _ := unstructured.NestedSlice(template, "spec", "containers"); !ok {
			continue // a template of something else, as a Certificate's secretTemplate
		}
		raw, err := json.Marshal(map[string]any{
			"apiVersion": podTemplateKind.Version,
			"kind":       podTemplateKind.Kind,
			"metadata":   map[string]any{"name": "template"}, // the resource's own name is bound by other rules
			"template":   template,
		})
		if err != nil {
			continue // was JSON before
		}
		return at, newDocument(d.number, raw), true
	}
	return "", document{}, false
}
