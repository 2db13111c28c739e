package nginx

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const (
	port    = 9200
	appPort = 9201
)

// rendered is what a pod gets.
type rendered struct {
	files             map[string]string // of the ConfigMap
	confDir, certsDir string
	more              map[string]*pod.Volume // further volumes, by their place
	container         corev1.Container
	sysctls           []corev1.Sysctl
	port              int32
}

func (r rendered) address() string { return fmt.Sprintf("127.0.0.1:%d", r.port) }

// renderedConf is what the whole program renders for an app, for the nginx of
// Debian 12.
func renderedConf(t *testing.T, edits ...func(*pattern.TLSProxy)) rendered {
	t.Helper()
	p := &pattern.TLSProxy{Gate: pattern.Gate{
		Port: port, SecretName: "search-tls", AccessLog: pattern.JSONAccessLog,
		Rebind: &pattern.Rebind{Port: appPort, Args: []string{"--listen=127.0.0.1:9201"}},
	}}
	for _, edit := range edits {
		edit(p)
	}
	probes := probes
	switch p.Protocol {
	case sidecar.TCP:
		probes = "" // they'd be refused
	case sidecar.GRPC:
		probes = grpcProbes
	}
	ports := fmt.Sprintf("            - containerPort: %d\n", p.Port)
	for _, m := range p.MorePorts {
		ports += fmt.Sprintf("            - containerPort: %d\n", m.Port)
	}
	asked, err := json.Marshal(config.Sidecars{APIVersion: config.APIVersion, Kind: config.Kind, Spec: config.Spec{
		Select:   []config.Selector{{Kind: "Deployment"}},
		Patterns: []config.Entry{{TLSProxy: p, Override: &corev1.Container{Image: "docker.io/library/nginx:1.22.1"}}},
	}})
	require.NoError(t, err)
	conf, fs := config.Read(asked, "")
	require.NoError(t, fs.Err())
	out := rig.Run([]rig.File{{Text: fmt.Sprintf(app, ports, probes)}}, conf, rig.Options{})
	require.NoError(t, out.Findings.Err())

	docs := strings.Split(out.Files()[0].Text, "\n---\n")
	require.Len(t, docs, map[bool]int{false: 2, true: 3}[p.Mode == pattern.ModeFront], "and a NetworkPolicy")
	var deployment appsv1.Deployment
	var files corev1.ConfigMap
	decode(t, docs[0], &deployment)
	decode(t, docs[1], &files)
	spec := deployment.Spec.Template.Spec
	require.Len(t, spec.InitContainers, 1)
	r := rendered{files: files.Data, container: spec.InitContainers[0], port: spec.InitContainers[0].Ports[0].ContainerPort, more: map[string]*pod.Volume{}}
	if strings.Contains(r.files["nginx.conf"], "\nstream {") { // a module of its own in Debian, built in elsewhere
		r.files["nginx.conf"] = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n" + r.files["nginx.conf"]
	}
	if spec.SecurityContext != nil {
		r.sysctls = spec.SecurityContext.Sysctls
	}
	r.confDir, r.certsDir = r.mount("tls-proxy-config"), r.mount("tls-proxy-certs")
	if p.Clients == nil {
		require.Contains(t, r.container.Command, path.Join(r.confDir, "nginx.conf"))
	}
	require.Equal(t, "/tmp", r.mount("tls-proxy-tmp"))
	return r
}

// probes are what the kubelet asks of the app, for its listener.
const probes = `          readinessProbe:
            httpGet: {path: "/healthz?full=1", port: 9200}
`

const app = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: search
spec:
  template:
    metadata: {labels: {app: search}}
    spec:
      containers:
        - name: search
          image: search:1
          args: [serve]
          ports:
%s%s`

// decode reads YAML into an API type.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	var v any
	require.NoError(t, yaml.Unmarshal([]byte(text), &v))
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

// mount is where a volume is mounted.
func (r rendered) mount(volume string) string {
	for _, m := range r.container.VolumeMounts {
		if m.Name == volume {
			return m.MountPath
		}
	}
	return ""
}
