package oracle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sound are changes of sound manifests that the API server takes without a word,
// though something may look wrong with them.
var sound = map[string]struct{ manifest, old, new string }{
	"privileged": {
		deploymentYAML,
		"image: busybox:1",
		"image: busybox:1\n          securityContext: {privileged: true}",
	},
	"sysctl": {
		deploymentYAML,
		"      initContainers",
		"      securityContext: {sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: \"0\"}]}\n      initContainers",
	},
	"preStop sleep": {
		deploymentYAML,
		"image: web:1",
		"image: web:1\n          lifecycle: {preStop: {sleep: {seconds: 5}}}",
	},
	"dots in an env name": {deploymentYAML, "name: A,", "name: http.port,"},
	"same port, two protocols": {
		deploymentYAML,
		"{name: http, containerPort: 8080}",
		"{name: http, containerPort: 8080}, {name: h3, containerPort: 8080, protocol: UDP}",
	},
	"port name of 15":          {deploymentYAML, "name: http,", "name: http-prometheus,"},
	"probe on no one's port":   {deploymentYAML, "port: http}", "port: nobody}"},
	"headless Service":         {serviceYAML, "selector:", "clusterIP: None\n  selector:"},
	"Service, same port twice": {serviceYAML, "port: 443", "port: 80, protocol: UDP"},
	"Pod with a token": {
		"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n",
		"}]}",
		"}], volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}",
	},
	"Job with own selector": {
		jobYAML,
		"  template:",
		"  manualSelector: true\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}",
	},
}

func TestAccepted(t *testing.T) {
	for name, s := range sound {
		t.Run(name, func(t *testing.T) {
			vs := Check(replace(t, s.manifest, s.old, s.new))
			require.Len(t, vs, 1)
			require.True(t, vs[0].Accepted(), vs[0].String())
			require.Empty(t, vs[0].Warnings)
			require.Equal(t, Whole, vs[0].Scope)
		})
	}
}

// minimal is one sound manifest of each kind: the smallest, so that a strategy
// that forgets a default or a declared option is found out.
var minimal = `
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: a}
template: {spec: {containers: [{name: a, image: a}]}}
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: Secret
metadata: {name: a}
stringData: {a: b}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: a}
` + selected("Deployment") + selected("StatefulSet") + selected("DaemonSet") + selected("ReplicaSet") + `---
apiVersion: batch/v1
kind: Job
metadata: {name: a}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: a}
spec:
  schedule: "@daily"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}}
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: a}
spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: a}
spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a}
spec: {defaultBackend: {service: {name: a, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a}
spec: {podSelector: {}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: a}
spec: {minAvailable: 1, selector: {matchLabels: {a: a}}}
`

// selected is a minimal manifest of a kind of apps/v1 that selects its pods.
func selected(kind string) string {
	return `---
apiVersion: apps/v1
kind: ` + kind + `
metadata: {name: a}
spec:
  selector: {matchLabels: {a: a}}
  template: {metadata: {labels: {a: a}}, spec: {containers: [{name: a, image: a}]}}
`
}

// Each kind is taken when it's sound, and refused when a field is misspelt or the
// name is no name: its registry, and not only its schema, is asked.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for m := range strings.SplitSeq(minimal, "\n---\n") {
		d := readDocuments(m)[0]
		kind := d.kind().GroupVersion().String() + " " + d.kind().Kind
		seen[kind] = true
		t.Run(kind, func(t *testing.T) {
			require.Contains(t, kinds(), d.kind())
			vs := Check(m)
			require.Len(t, vs, 1)
			require.True(t, vs[0].Accepted(), vs[0].String())
			require.Empty(t, vs[0].Warnings)

			unknown := Check(m + "\nspecification: {}\n")[0]
			both := []string{`unknown field "specification"`, ".specification: field not declared in schema"}
			require.Equal(t, both, unknown.Errors)
			unnamed := Check(strings.Replace(m, "{name: a}", `{name: "A/b"}`, 1))[0]
			require.Contains(t, strings.Join(unnamed.Errors, "\n"), `metadata.name: Invalid value: "A/b"`)
		})
	}
	require.Len(t, seen, len(kinds()), "each kind is here")
}

// What can't be checked is told, not passed over.
func TestScope(t *testing.T) {
	vs := Check("# nothing but a comment\n---\n" + rolloutYAML + `---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: prod}
spec: {secretTemplate: {}, template: {spec: {}}}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a_b}}
---
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items: [{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: []}}]
`)
	var have []string
	for _, v := range vs {
		have = append(have, v.Object+", "+string(v.Scope)+map[bool]string{false: ", refused"}[v.Accepted()])
	}
	require.Equal(t, []string{
		"Rollout web, pod template",
		"Certificate prod/web, nothing",
		"ConfigMap a, whole",
		"ConfigMap a_b, whole, refused",
		"Pod a, whole, refused",
	}, have)
}
