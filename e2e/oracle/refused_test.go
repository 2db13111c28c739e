package oracle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sound manifests. Each test breaks one of them in one place, so that whatever is
// found is found there.
const deploymentYAML = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers:
        - name: proxy
          image: nginx:1.30
          restartPolicy: Always
          ports: [{name: https, containerPort: 8443}]
          startupProbe: {tcpSocket: {port: 8443}}
        - name: fetch
          image: busybox:1
      containers:
        - name: web
          image: web:1
          env: [{name: A, value: "1"}]
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /, port: http}}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes:
        - {name: data, emptyDir: {}}
`

const serviceYAML = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
    - {name: http, port: 80, targetPort: 8080}
    - {name: https, port: 443, targetPort: https}
`

const jobYAML = `apiVersion: batch/v1
kind: Job
metadata:
  name: import
spec:
  template:
    spec:
      restartPolicy: Never
      initContainers:
        - {name: proxy, image: "nginx:1.30", restartPolicy: Always}
      containers:
        - {name: import, image: "web:1"}
`

const cronJobYAML = `apiVersion: batch/v1
kind: CronJob
metadata:
  name: nightly
spec:
  schedule: "5 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - {name: nightly, image: "web:1"}
`

const rolloutYAML = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
spec:
  strategy: {canary: {steps: [{setWeight: 20}]}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "web:1", ports: [{name: http, containerPort: 8080}]}
`

// broken are manifests with one mistake each.
var broken = map[string]struct {
	manifest string
	old, new string // what is replaced in it, once
	want     string // in the errors
}{
	"unknown field": {
		deploymentYAML,
		"image: web:1",
		"imgae: web:1",
		`unknown field "spec.template.spec.containers[0].imgae"`,
	},
	"unknown field of the spec": {
		deploymentYAML,
		"spec:\n  selector",
		"spec:\n  containers: []\n  selector",
		`unknown field "spec.containers"`,
	},
	"key twice": {
		deploymentYAML,
		"image: web:1",
		"image: web:1\n          image: web:2",
		`key "image" already set in map`,
	},
	"env twice": {
		deploymentYAML,
		`{name: A, value: "1"}`,
		`{name: A, value: "1"}, {name: A, value: "2"}`,
		"duplicate entries for key",
	},
	"port twice": {
		deploymentYAML,
		"{name: http, containerPort: 8080}",
		"{name: http, containerPort: 8080}, {name: two, containerPort: 8080}",
		"duplicate entries for key",
	},
	"container twice": {deploymentYAML, "name: fetch", "name: web", "Duplicate value: \"web\""},
	"mount twice": {
		deploymentYAML,
		"{name: data, mountPath: /data}",
		"{name: data, mountPath: /data}, {name: data, mountPath: /data, readOnly: true}",
		"mountPath",
	},
	"volume missing": {
		deploymentYAML,
		"{name: data, emptyDir: {}}",
		"{name: date, emptyDir: {}}",
		`spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"`,
	},
	"volume of two kinds": {
		deploymentYAML,
		"emptyDir: {}",
		"emptyDir: {}, hostPath: {path: /}",
		"may not specify more than 1 volume type",
	},
	"probe with two handlers": {
		deploymentYAML,
		"httpGet: {path: /, port: http}",
		"httpGet: {path: /, port: http}, tcpSocket: {port: 8080}",
		"may not specify more than 1 handler type",
	},
	"probe without a handler": {
		deploymentYAML,
		"httpGet: {path: /, port: http}",
		"periodSeconds: 5",
		"must specify a handler type",
	},
	"liveness wants two": {
		deploymentYAML,
		"readinessProbe: {",
		"livenessProbe: {successThreshold: 2, ",
		"successThreshold: Invalid value: 2: must be 1",
	},
	"port name too long": {
		deploymentYAML,
		"name: http,",
		"name: http-prometheus-1,",
		"containers[0].ports[0].name: Invalid value",
	},
	"port name in capitals": {
		deploymentYAML,
		"name: http,",
		"name: HTTP,",
		"containers[0].ports[0].name: Invalid value",
	},
	"port out of range": {
		deploymentYAML,
		"containerPort: 8080",
		"containerPort: 80800",
		"must be between 1 and 65535",
	},
	"port in quotes": {
		deploymentYAML,
		"containerPort: 8080",
		`containerPort: "8080"`,
		"cannot unmarshal string",
	},
	"env value a number": {deploymentYAML, `value: "1"`, `value: 1`, "cannot unmarshal number"},
	"name a truth value": {deploymentYAML, "name: fetch", "name: y", "cannot unmarshal bool"},
	"bad name": {
		deploymentYAML,
		"name: web\nspec",
		"name: Web\nspec",
		`metadata.name: Invalid value: "Web"`,
	},
	"no name of its own": {
		deploymentYAML,
		"name: web\nspec",
		"generateName: web-\nspec",
		"metadata.name: server-side apply needs one",
	},
	"bad container name": {
		deploymentYAML,
		"name: fetch",
		"name: fetch_it",
		"initContainers[1].name: Invalid value",
	},
	"image missing": {
		deploymentYAML,
		"image: busybox:1",
		"command: [sh]",
		"initContainers[1].image: Required value",
	},
	"native sidecar's policy": {
		deploymentYAML,
		"restartPolicy: Always",
		"restartPolicy: Sometimes",
		`initContainers[0].restartPolicy: Unsupported value: "Sometimes"`,
	},
	"probe of an init container": {
		deploymentYAML,
		"restartPolicy: Always\n          ports",
		"ports",
		"initContainers[0].startupProbe: Forbidden",
	},
	"preStop of two kinds": {
		deploymentYAML,
		"image: web:1",
		"image: web:1\n          lifecycle: {preStop: {sleep: {seconds: 1}, exec: {command: [x]}}}",
		"may not specify more than 1 handler type",
	},
	"sleep longer than grace": {
		deploymentYAML,
		"image: web:1",
		"image: web:1\n          lifecycle: {preStop: {sleep: {seconds: 60}}}",
		"must be non-negative and less than terminationGracePeriodSeconds",
	},
	"privilege and no gain": {
		deploymentYAML,
		"image: web:1",
		"image: web:1\n          securityContext: {privileged: true, allowPrivilegeEscalation: false}",
		"cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
	},
	"request above limit": {
		deploymentYAML,
		"image: web:1",
		"image: web:1\n          resources: {limits: {memory: 64Mi}, requests: {memory: 128Mi}}",
		"must be less than or equal to memory limit",
	},
	"quantity": {
		deploymentYAML,
		"image: web:1",
		"image: web:1\n          resources: {limits: {memory: 64MB}}",
		"quantities must match the regular expression",
	},
	"bad annotation": {
		deploymentYAML,
		"metadata: {labels: {app: web}}",
		`metadata: {labels: {app: web}, annotations: {"a b": c}}`,
		"spec.template.annotations: Invalid value",
	},
	"selector misses": {
		deploymentYAML,
		"matchLabels: {app: web}",
		"matchLabels: {app: webb}",
		"`selector` does not match template `labels`",
	},
	"Deployment that ends": {
		deploymentYAML,
		"      initContainers",
		"      restartPolicy: Never\n      initContainers",
		`spec.template.spec.restartPolicy: Unsupported value: "Never"`,
	},
	"old version": {deploymentYAML, "apps/v1", "apps/v1beta1", "apps/v1beta1 isn't served; write apps/v1"},
	"no kind":     {deploymentYAML, "kind: Deployment\n", "", "apiVersion and kind"},
	"not YAML": {
		deploymentYAML,
		"metadata:\n  name",
		"metadata:\n\tname",
		"found character that cannot start any token",
	},

	"Service without a port's name": {
		serviceYAML,
		"name: http, port: 80",
		"port: 80",
		"spec.ports[0].name: Required value",
	},
	"Service with a port twice": {
		serviceYAML,
		"port: 443",
		"port: 80",
		`duplicate entries for key [port=80,protocol="TCP"]`,
	},
	"Service with a name twice": {
		serviceYAML,
		"name: https",
		"name: http",
		`spec.ports[1].name: Duplicate value: "http"`,
	},
	"Service with a bad target": {
		serviceYAML,
		"targetPort: https",
		"targetPort: https_port",
		"spec.ports[1].targetPort: Invalid value",
	},
	"Service with a bad name": {serviceYAML, "name: web", "name: web.app", "metadata.name: Invalid value"},
	"Service of a bad type": {
		serviceYAML,
		"selector:",
		"type: Inside\n  selector:",
		"spec.type: Unsupported value",
	},

	"Job that goes on": {
		jobYAML,
		"restartPolicy: Never",
		"restartPolicy: Always",
		`spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"`,
	},
	"Job with labels": {
		jobYAML,
		"  template:\n",
		"  template:\n    metadata: {labels: {batch.kubernetes.io/job-name: other}}\n",
		"job-name",
	},
	"Job with a selector": {
		jobYAML,
		"  template:",
		"  selector: {matchLabels: {a: b}}\n  template:",
		"`selector` not auto-generated",
	},
	"Job without containers": {
		jobYAML,
		"containers:\n        - {name: import, image: \"web:1\"}",
		"containers: []",
		"spec.template.spec.containers: Required value",
	},
	"CronJob without schedule": {cronJobYAML, `"5 3 * * *"`, `"5 3 * *"`, "spec.schedule: Invalid value"},
	"CronJob that goes on": {
		cronJobYAML,
		"OnFailure",
		"Always",
		"spec.jobTemplate.spec.template.spec.restartPolicy: Required value",
	},
	"CronJob, unknown field": {cronJobYAML, "schedule:", "cron: x\n  schedule:", `unknown field "spec.cron"`},
	"CronJob with a long name": {
		cronJobYAML,
		"name: nightly\nspec",
		"name: " + strings.Repeat("n", 53) + "\nspec",
		"must be no more than 52 characters",
	},

	"ConfigMap with a bad key": {
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n",
		"{a: b}",
		`{"a/b": c}`,
		"data[a/b]: Invalid value",
	},
	"ConfigMap with a number": {
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n",
		"a: b",
		"a: 1",
		"cannot unmarshal number",
	},
	"Secret that isn't base64": {
		"apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ndata: {a: Yg==}\n",
		"Yg==",
		"b!",
		"illegal base64 data",
	},
	"Secret of TLS without a key": {
		"apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ndata: {a: Yg==}\n",
		"metadata",
		"type: kubernetes.io/tls\nmetadata",
		"data[tls.key]: Required value",
	},

	"custom resource, bad port": {
		rolloutYAML,
		"containerPort: 8080",
		"containerPort: 0",
		"spec.template, as a PodTemplate: template.spec.containers[0].ports[0].containerPort: ",
	},
	"custom resource, unknown field": {
		rolloutYAML,
		"containerPort:",
		"port:",
		`unknown field "template.spec.containers[0].ports[0].port"`,
	},
}

func TestRefused(t *testing.T) {
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			for _, v := range Check(b.manifest) {
				require.True(t, v.Accepted(), "sound before it is broken: %s", v)
			}
			vs := Check(replace(t, b.manifest, b.old, b.new))
			require.Len(t, vs, 1)
			require.Contains(t, strings.Join(vs[0].Errors, "\n"), b.want, vs[0].String())
		})
	}
}

// replace changes a manifest in one place.
func replace(t *testing.T, manifest, old, new string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(manifest, old), "one place, %s", old)
	return strings.Replace(manifest, old, new, 1)
}
