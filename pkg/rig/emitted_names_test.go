package rig

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// everyEmitter has the patterns that emit objects.
const everyEmitter = `  - tlsProxy:
      port: 80
      certificate: {issuerRef: {name: ca}, dnsNames: [web.example]}
      rebind: {port: 8081, env: {LISTEN: "127.0.0.1:8081"}}
  - exporter: {preset: redis, port: 80, monitor: ServiceMonitor}
  - vault: {address: "https://vault.vault.svc:8200", role: app, files: [{path: db.env, secret: secret/data/app}]}
  - otelAgent: {endpoint: "https://otel.example:4317"}
  - migrate: {mode: job, command: [migrate]}
  - logTail: {directory: /var/log/app, files: [access.log, 1.log]}
`

type named struct {
	Kind     string
	Metadata metav1.ObjectMeta
	Spec     struct {
		Ports    []corev1.ServicePort
		Template *corev1.PodTemplateSpec
	}
}

// invalidNames returns what the API server says of the names in an object.
func invalidNames(o *named) (all []string) {
	check := func(says []string, name string) {
		for _, s := range says {
			all = append(all, o.Kind+": "+name+": "+s)
		}
	}
	switch o.Kind {
	case "Service": // before Kubernetes 1.36
		check(validation.IsDNS1035Label(o.Metadata.Name), o.Metadata.Name)
	case "Job": // its pods have it as a label
		check(validation.IsDNS1123Label(strings.ReplaceAll(o.Metadata.Name, ".", "-")), o.Metadata.Name)
	default:
		check(validation.IsDNS1123Subdomain(o.Metadata.Name), o.Metadata.Name)
	}
	labels := []map[string]string{o.Metadata.Labels}
	annotations := []map[string]string{o.Metadata.Annotations}
	if pod := o.Spec.Template; pod != nil {
		labels, annotations = append(labels, pod.Labels), append(annotations, pod.Annotations)
		for _, v := range pod.Spec.Volumes {
			check(validation.IsDNS1123Label(v.Name), v.Name)
		}
		for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
			check(validation.IsDNS1123Label(c.Name), c.Name)
			for _, port := range c.Ports {
				if port.Name != "" {
					check(validation.IsValidPortName(port.Name), port.Name)
				}
			}
		}
	}
	for _, m := range labels {
		for key, value := range m {
			check(validation.IsQualifiedName(key), key)
			check(validation.IsValidLabelValue(value), value)
		}
	}
	for _, m := range annotations {
		for key := range m {
			check(validation.IsQualifiedName(strings.ToLower(key)), key)
		}
	}
	return all
}

// Whatever a workload is named, and whether or not it has a name yet: the names of what is emitted are valid, and
// each object that a volume names is there.
func TestEmittedNames(t *testing.T) {
	long := strings.Repeat("a", 62) + "."
	for _, name := range []string{"web", "9lives", "0", "a.b-c.d1", "9." + long + long + long + strings.Repeat("9", 60),
		strings.Repeat("9", 63), strings.Repeat("a-", 31) + "b"} {
		for _, entry := range []string{"name: " + "'" + name + "'", "generateName: " + name + "-"} {
			text := strings.Replace(deployment("x", "        command: [app]\n"), "name: x\n", entry+"\n", 1)
			out := Run([]File{{Name: "a.yaml", Text: text}}, read(t, everyEmitter), Options{})
			require.False(t, out.Findings.Failed(), "%s: %v", entry, out.Findings)
			emitted, kinds := map[string]bool{}, map[string]bool{}
			var pods []*corev1.PodTemplateSpec
			for _, doc := range strings.Split(out.Texts[0].String(), "\n---\n") {
				var o named
				var fields map[string]any
				require.NoError(t, yaml.Unmarshal([]byte(doc), &fields), doc)
				raw, err := json.Marshal(fields)
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(raw, &o), doc)
				if o.Metadata.Name == "" {
					o.Metadata.Name = "generated"
				}
				require.Empty(t, invalidNames(&o), entry)
				kinds[o.Kind], emitted[o.Kind+" "+o.Metadata.Name] = true, true
				if o.Spec.Template != nil {
					pods = append(pods, o.Spec.Template)
				}
			}
			for _, kind := range []string{"ConfigMap", "Certificate", "Service", "Job", "ServiceMonitor"} {
				require.True(t, kinds[kind], kind)
			}
			for _, pod := range pods {
				for _, v := range pod.Spec.Volumes {
					if v.ConfigMap != nil {
						require.Contains(t, emitted, "ConfigMap "+v.ConfigMap.Name)
					}
				}
			}
		}
	}
}
