package generate

import "strings"

// A workload is what a config must know of one.
type workload struct {
	shape
	name, namespace string
	called          string // the name, or the stem of the name that the API server makes
	containers      []container
	inits           []string
	labels          []string // of the pods, in pairs
	conf            bool     // has a volume of the ConfigMap settings
}

// drawWorkload makes an object with a pod template. The API server may make its name, where the runner allows that.
func (r random) drawWorkload(i int, mayGenerate bool) (*Object, workload) {
	w := workload{shape: pick(r, shapes...), name: []string{"web", "other", "third"}[i]}
	if r.one(3) {
		w.namespace = pick(r, "prod", "default")
	}
	w.labels = []string{"app", w.name}
	if r.one(3) {
		w.labels = append(w.labels, "app.kubernetes.io/part-of", pick(r, "n", "shop", "1e3"))
	}
	key := "name"
	w.called = w.name
	if mayGenerate && w.isRun() && r.one(3) {
		key, w.called = "generateName", w.name+"-"
	}
	meta := dict(key, w.called)
	if w.namespace != "" {
		meta.set("namespace", w.namespace)
	}
	meta.set("labels", r.opt(3, r.drawSome(dict("team", "a"))))
	meta.set("annotations", r.opt(3, r.drawSome(r.drawAnnotations())))
	root := dict("apiVersion", w.api, "kind", w.kind, "metadata", meta)
	pod := r.drawPod(&w)
	if len(w.path) == 0 {
		meta.set("labels", r.drawPairs(w.labels))
		root.set("spec", pod)
	} else {
		r.wrapPod(root, &w, pod)
	}
	root.set("status", r.opt(8, pick(r, dict(), raw("{}"), dict("replicas", raw("0")))))
	return &Object{Node: root, workload: true}, w
}

// wrapPod puts a pod template around the pod, and the object's own fields around that.
func (r random) wrapPod(root *Node, w *workload, pod *Node) {
	meta := dict()
	if !r.one(12) {
		meta.set("labels", r.drawPairs(w.labels))
	} else {
		w.labels = nil
	}
	meta.set("annotations", r.opt(3, r.drawSome(r.drawAnnotations())))
	template := dict("metadata", r.drawSome(meta), "spec", pod)
	if m := template.at("metadata"); m == nil || m.kind != mapKind || len(m.entries) == 0 {
		w.labels = nil
	}
	at := root
	for i, field := range w.path[:len(w.path)-1] {
		next := dict()
		name, inList := strings.CutSuffix(field, "[*]")
		if at.set(name, next); inList {
			next = r.drawGroups(at, name, w.path[i+1:], template)
		}
		at = next
		if i == 0 {
			r.drawExtras(w.shape, next, w.name, func() *Node { return r.drawPairs([]string{"app", w.name}) })
		}
	}
	at.set(w.path[len(w.path)-1], template)
}

// drawGroups makes a list of one to three groups of pods, with the same pod template. They have names, names in a field
// of their own, or none. It returns the last one, to which the template is still to be added.
func (r random) drawGroups(at *Node, field string, path []string, template *Node) *Node {
	key := pick(r, "name", "name", "groupName", "")
	groups := list()
	at.set(field, groups)
	for i := range 1 + r.IntN(3) {
		group := dict()
		if key != "" {
			group.set(key, []string{"one", "two", "3"}[i])
		}
		group.set("replicas", r.opt(2, num(r.IntN(3))))
		groups.add(group)
	}
	for _, e := range groups.entries[:len(groups.entries)-1] {
		below := e.value
		for _, name := range path[:len(path)-1] {
			next := dict()
			below.set(name, next)
			below = next
		}
		below.set(path[len(path)-1], template.clone())
	}
	return groups.entries[len(groups.entries)-1].value
}

func (r random) drawPairs(labels []string) *Node {
	n := dict()
	for i := 0; i < len(labels); i += 2 {
		n.set(labels[i], labels[i+1])
	}
	return n
}

func (r random) drawAnnotations() *Node {
	n := dict("example.com/a", pick(r, "n", "on", "1e3", "0777", "1:30", "", "{\"json\": [1]}", "a: b"))
	n.set("example.com/script", r.opt(6, block(pick(r, "|", "|-", "|+", ">"), r.drawBody()...)))
	n.set("outrigger.dev/skip", r.opt(20, str(pick(r, "boat", "way,third", "edge, y", "nobody"))))
	n.set("kubectl.kubernetes.io/default-container", r.opt(20, str("app")))
	n.set("kubectl.kubernetes.io/last-applied-configuration", r.opt(12, str("{\"kind\":\"Deployment\"}\n")))
	return n
}

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
	{api: "kibana.k8s.elastic.co/v1", kind: "Kibana", path: []string{"spec", "podTemplate"}},
	{api: "leaderworkerset.x-k8s.io/v1", kind: "LeaderWorkerSet",
		path: []string{"spec", "leaderWorkerTemplate", "workerTemplate"}},
	{api: "ray.io/v1", kind: "RayCluster", path: []string{"spec", "headGroupSpec", "template"}},
	{api: "batch.volcano.sh/v1alpha1", kind: "Job", path: []string{"spec", "tasks[*]", "template"}, job: true},
	{api: "ray.io/v1", kind: "RayService",
		path: []string{"spec", "rayClusterConfig", "workerGroupSpecs[*]", "template"}},
	{api: "jobset.x-k8s.io/v1alpha2", kind: "JobSet",
		path: []string{"spec", "replicatedJobs[*]", "template", "spec", "template"}, job: true},
	{api: "example.com/v1", kind: "Crew", path: []string{"spec", "groups[*]", "pod"}, custom: true},
	{api: "example.com/v1", kind: "Fleet", path: []string{"spec", "pools", "main", "podTemplate"}, custom: true},
}

// isRun reports whether people create such objects anew for each run.
func (s shape) isRun() bool { return s.kind == "Job" || s.kind == "Pod" }

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
		claim := dict("metadata", dict("name", "data"), "spec", dict("accessModes", list("ReadWriteOnce")))
		put(2, "volumeClaimTemplates", list(claim))
	}
	put(6, "newerField", dict("deep", list(dict("name", "app", "image", "no:1"), list("a", list("b")))))
}
