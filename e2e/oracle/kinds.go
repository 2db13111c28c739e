package oracle

import (
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"        // knows apps
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install" // knows autoscaling
	_ "k8s.io/kubernetes/pkg/apis/batch/install"       // knows batch
	_ "k8s.io/kubernetes/pkg/apis/core/install"        // knows v1
	_ "k8s.io/kubernetes/pkg/apis/networking/install"  // knows networking.k8s.io
	_ "k8s.io/kubernetes/pkg/apis/policy/install"      // knows policy
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
)

var podTemplateKind = schema.GroupVersionKind{Version: "v1", Kind: "PodTemplate"}

// kinds are those that are checked as a whole, in the versions that are served.
var kinds = sync.OnceValue(func() map[schema.GroupVersionKind]rest.RESTCreateStrategy {
	all := map[schema.GroupVersionKind]rest.RESTCreateStrategy{podTemplateKind: podtemplate.Strategy}
	for kind, s := range map[string]rest.RESTCreateStrategy{
		// The registry's own.
		"apps/v1 DaemonSet":                      daemonset.Strategy,
		"apps/v1 Deployment":                     deployment.Strategy,
		"apps/v1 StatefulSet":                    statefulset.Strategy,
		"autoscaling/v1 HorizontalPodAutoscaler": horizontalpodautoscaler.Strategy,
		"autoscaling/v2 HorizontalPodAutoscaler": horizontalpodautoscaler.Strategy,
		"batch/v1 CronJob":                       cronjob.Strategy,
		"networking.k8s.io/v1 Ingress":           ingress.Strategy,
		"networking.k8s.io/v1 NetworkPolicy":     networkpolicy.Strategy,
		"policy/v1 PodDisruptionBudget":          poddisruptionbudget.Strategy,
		// Spelled out here: theirs bring the storage, and with it half of the server.
		"apps/v1 ReplicaSet": replicaSet,
		"batch/v1 Job":       job,
		"v1 ConfigMap":       configMap,
		"v1 Pod":             pod,
		"v1 Secret":          secret,
		"v1 Service":         service,
		"v1 ServiceAccount":  serviceAccount,
	} {
		version, name, _ := strings.Cut(kind, " ")
		all[schema.FromAPIVersionAndKind(version, name)] = s
	}
	return all
})

// servedVersions are the versions of a kind that the API server still knows, or "".
func servedVersions(kind schema.GroupKind) string {
	var all []string
	for k := range kinds() {
		if k.GroupKind() == kind {
			all = append(all, k.GroupVersion().String())
		}
	}
	slices.Sort(all)
	return strings.Join(all, " or ")
}
