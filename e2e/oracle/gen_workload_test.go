package oracle

import "strings"

var workloadKinds = []string{"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "ReplicaSet", "Rollout"}

// A workload is one that was thought up, and what a config must know of it.
type workload struct {
	object   m
	kind     string
	labels   m
	port     int    // of the app: its first container
	portName string // or none
	grace    int    // seconds that the pod has to end
}

func (w workload) ends() bool { return w.kind == "Job" || w.kind == "CronJob" }

func (g *gen) workload(kind string) workload {
	w := workload{kind: kind, labels: m{"app": "web"}, port: 8000 + g.IntN(1000), grace: one(g, 30, 30, 60, 10)}
	w.portName = one(g, "", "http", "web", "http-prometheus")
	template := m{"metadata": with(m{"labels": w.labels}, "annotations", g.podAnnotations()), "spec": g.pod(w)}
	meta := with(m{"name": g.name(kind)},
		"namespace", one[any](g, nil, "prod"),
		"annotations", one[any](g, nil, m{"note": "kept"}))
	w.object = m{"metadata": meta}
	selected := m{"selector": m{"matchLabels": w.labels}, "template": template}
	version, spec := "apps/v1", selected
	switch kind {
	case "Rollout": // of Argo: the API server knows no more of it than the pod template
		version = "argoproj.io/v1alpha1"
	case "Pod":
		version, spec = "v1", template["spec"].(m)
		meta["labels"] = w.labels
	case "Job":
		version, spec = "batch/v1", m{"template": template, "backoffLimit": 2}
	case "CronJob":
		version, spec = "batch/v1", m{"schedule": "5 3 * * *", "jobTemplate": m{"spec": m{"template": template}}}
	case "StatefulSet":
		spec["serviceName"] = "web"
		spec["volumeClaimTemplates"] = []any{m{"metadata": m{"name": "claim"}, "spec": m{
			"accessModes": []any{"ReadWriteOnce"}, "resources": m{"requests": m{"storage": "1Gi"}}}}}
	case "Deployment", "ReplicaSet":
		spec["replicas"] = g.IntN(4)
	}
	w.object["apiVersion"], w.object["kind"], w.object["spec"] = version, kind, spec
	return w
}

// name is as long as the kind allows, sometimes: names of what is made for the
// workload are made of it.
func (g *gen) name(kind string) string {
	longest := 63 // more gives a warning of its own
	switch kind {
	case "CronJob":
		longest = 52 // it adds a time for its Jobs
	case "StatefulSet":
		longest = 52 // and this one a revision, for a label
	}
	return one(g, "web", "web", "9-web", strings.Repeat("web-", 16)[:longest-1]+"x")
}

func (g *gen) podAnnotations() any {
	return one[any](g, nil, nil, m{"kubectl.kubernetes.io/default-container": "web"}, m{"prometheus.io/scrape": "true"})
}

func (g *gen) pod(w workload) m {
	spec := m{
		"containers":     append([]any{g.app(w)}, list(g.IntN(3), g.helper(w))...),
		"initContainers": list(g.IntN(3), g.init),
		"volumes":        g.volumes(),
	}
	if len(spec["initContainers"].([]any)) == 0 && g.sometimes(2) {
		delete(spec, "initContainers")
	}
	if w.ends() {
		spec["restartPolicy"] = one(g, "Never", "OnFailure")
	}
	if w.grace != 30 {
		spec["terminationGracePeriodSeconds"] = w.grace
	}
	with(spec, one(g,
		[]any{"securityContext", m{"runAsUser": 1000, "runAsNonRoot": true}},
		[]any{"securityContext", m{"fsGroup": 1000}},
		[]any{"securityContext", m{"sysctls": []any{m{"name": "net.ipv4.tcp_keepalive_time", "value": "600"}}}},
		[]any{"hostNetwork", true, "dnsPolicy", "ClusterFirstWithHostNet"}, // then there may be no such sysctl
		nil, nil, nil, nil)...)
	return with(spec,
		"serviceAccountName", one[any](g, nil, "web"),
		"imagePullSecrets", one[any](g, nil, []any{m{"name": "registry"}}),
		"shareProcessNamespace", one[any](g, nil, nil, nil, true, false),
		"nodeSelector", one[any](g, nil, m{"kubernetes.io/os": "linux"}),
		"automountServiceAccountToken", one[any](g, nil, false))
}

// volumes are always there for the app's mounts, which are some of them.
func (g *gen) volumes() []any {
	token := m{"serviceAccountToken": m{"path": "token", "audience": "vault"}}
	labels := m{"path": "labels", "fieldRef": m{"fieldPath": "metadata.labels"}}
	return []any{
		m{"name": "data", "emptyDir": one(g, m{}, m{"medium": "Memory", "sizeLimit": "64Mi"})},
		m{"name": one(g, "shared", "cache", "cache", "cache"), "emptyDir": one(g, m{}, m{"medium": "Memory"})},
		m{"name": "settings", "configMap": m{"name": "web", "optional": true}},
		m{"name": "keys", "secret": m{"secretName": "web-keys", "defaultMode": 0o440}},
		m{"name": "token", "projected": m{"sources": []any{token}}},
		m{"name": "labels", "downwardAPI": m{"items": []any{labels}}},
	}[:1+g.IntN(6)]
}
