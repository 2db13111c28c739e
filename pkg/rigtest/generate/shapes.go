package generate

// A shape is where a kind has its pod template.
type shape struct {
	api, kind string
	path      []string // of the template
	job       bool
	custom    bool // the config must name the path
}

var shapes = []shape{
	{api: "apps/v1", kind: "Deployment", path: []string{"spec", "template"}},
	{api: "apps/v1", kind: "StatefulSet", path: []string{"spec", "template"}},
	{api: "apps/v1", kind: "DaemonSet", path: []string{"spec", "template"}},
	{api: "apps/v1", kind: "ReplicaSet", path: []string{"spec", "template"}},
	{api: "v1", kind: "ReplicationController", path: []string{"spec", "template"}},
	{api: "batch/v1", kind: "Job", path: []string{"spec", "template"}, job: true},
	{api: "batch/v1", kind: "CronJob", path: []string{"spec", "jobTemplate", "spec", "template"}, job: true},
	{api: "v1", kind: "Pod"},
	{api: "v1", kind: "PodTemplate", path: []string{"template"}},
	{api: "argoproj.io/v1alpha1", kind: "Rollout", path: []string{"spec", "template"}},
	{api: "apps.kruise.io/v1alpha1", kind: "CloneSet", path: []string{"spec", "template"}},
	{api: "serving.knative.dev/v1", kind: "Service", path: []string{"spec", "template"}},
	{api: "keda.sh/v1alpha1", kind: "ScaledJob", path: []string{"spec", "jobTargetRef", "template"}, job: true},
	{api: "apps.openshift.io/v1", kind: "DeploymentConfig", path: []string{"spec", "template"}},
	{api: "example.com/v1", kind: "Fleet", path: []string{"spec", "pools", "main", "podTemplate"}, custom: true},
}

// drawExtras are fields that stand beside the template.
func (r random) drawExtras(s shape, spec *Node, name string, labels func() *Node) {
	put := func(n int, key string, v any) { spec.set(key, r.opt(n, v)) }
	switch s.kind {
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Rollout", "CloneSet":
		spec.set("selector", dict("matchLabels", labels()))
		put(3, "replicas", num(r.IntN(4)))
		put(8, "strategy", dict("rollingUpdate", dict("maxSurge", "25%", "maxUnavailable", num(0))))
	case "ReplicationController", "DeploymentConfig":
		spec.set("selector", labels())
		put(4, "triggers", list(dict("type", "ConfigChange")))
	case "CronJob":
		spec.set("schedule", "0 3 * * *")
		put(3, "suspend", raw("false"))
	case "ScaledJob":
		put(2, "triggers", list(dict("type", "redis", "metadata", dict("listLength", "5"))))
	}
	if s.kind == "StatefulSet" {
		spec.set("serviceName", name)
		put(
			2,
			"volumeClaimTemplates",
			list(dict("metadata", dict("name", "data"), "spec", dict("accessModes", list("ReadWriteOnce")))),
		)
	}
	put(6, "newerField", dict("deep", list(dict("name", "app", "image", "no:1"), list("a", list("b")))))
}
