package oracle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// warned are changes of sound manifests that the API server takes with a warning.
var warned = map[string]struct{ manifest, old, new, want string }{
	"port number in two containers": {
		deploymentYAML,
		"containerPort: 8443",
		"containerPort: 8080",
		"duplicate port definition",
	},
	"port name in two containers": {
		deploymentYAML,
		"name: https,",
		"name: http,",
		"services and probes that select ports by name will use",
	},
	"node selector by an old label": {
		deploymentYAML,
		"      volumes",
		"      nodeSelector: {beta.kubernetes.io/os: linux}\n      volumes",
		`deprecated since v1.14; use "kubernetes.io/os" instead`,
	},
	"dot in the name": {
		deploymentYAML,
		"name: web\nspec",
		"name: web.app\nspec",
		"a DNS label is recommended",
	},
	"dot in a Pod's name": {
		"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n",
		"name: web}\nspec",
		"name: web.app}\nspec",
		"this is used in the Pod's hostname",
	},
	"Job's name": {
		jobYAML,
		"name: import\nspec",
		"name: import.now\nspec",
		"a DNS label is recommended",
	},
	"TLS without a certificate": {
		"apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ntype: Opaque\ndata: {tls.crt: Yg==, tls.key: Yg==}\n",
		"Opaque",
		"kubernetes.io/tls",
		"failed to find any PEM data",
	},
	"Service, old field": {serviceYAML, "selector:", "externalIPs: [10.0.0.1]\n  selector:", "externalIPs"},
	"custom resource": {
		rolloutYAML,
		"      containers:",
		`      initContainers:
        - {name: proxy, image: proxy, restartPolicy: Always, ports: [{containerPort: 8080}]}
      containers:`,
		"spec.template, as a PodTemplate: template.spec.containers[0].ports[0]: duplicate port definition",
	},
}

func TestWarned(t *testing.T) {
	for name, w := range warned {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, Check(w.manifest)[0].Warnings)
			vs := Check(replace(t, w.manifest, w.old, w.new))
			require.Len(t, vs, 1)
			require.True(t, vs[0].Accepted(), vs[0].String())
			require.Contains(t, strings.Join(vs[0].Warnings, "\n"), w.want, vs[0].String())
		})
	}
}
