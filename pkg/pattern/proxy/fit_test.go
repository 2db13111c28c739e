package proxy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestMeshed(t *testing.T) {
	type words = map[string]string
	for name, c := range map[string]struct {
		labels, annotations words
		namespace           sidecar.Meta
		want                string
	}{
		"nothing":              {},
		"istio, by annotation": {annotations: words{"sidecar.istio.io/inject": "true"}, want: "Istio"},
		"istio, by revision":   {labels: words{"istio.io/rev": "1-27"}, want: "Istio"},
		"istio, by namespace":  {namespace: sidecar.Meta{Labels: words{"istio-injection": "enabled"}}, want: "Istio"},
		"istio, of revision":   {namespace: sidecar.Meta{Labels: words{"istio.io/rev": "canary"}}, want: "Istio"},
		"istio, but not here": {labels: words{"sidecar.istio.io/inject": "false"},
			namespace: sidecar.Meta{Labels: words{"istio-injection": "enabled"}}},
		"istio, not there": {namespace: sidecar.Meta{Labels: words{"istio-injection": "disabled"}}},
		"linkerd":          {annotations: words{"linkerd.io/inject": "ingress"}, want: "Linkerd"},
		"linkerd, by namespace": {namespace: sidecar.Meta{Annotations: words{"linkerd.io/inject": "enabled"}},
			want: "Linkerd"},
		"linkerd, but not here": {annotations: words{"linkerd.io/inject": "disabled"},
			namespace: sidecar.Meta{Annotations: words{"linkerd.io/inject": "enabled"}}},
		"kuma":           {namespace: sidecar.Meta{Labels: words{"kuma.io/sidecar-injection": "enabled"}}, want: "Kuma"},
		"consul":         {annotations: words{"consul.hashicorp.com/connect-inject": "true"}, want: "Consul"},
		"another's word": {labels: words{"inject": "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &sidecar.Workload{Namespace: c.namespace}
			w.Pod.Labels, w.Pod.Annotations = c.labels, c.annotations
			require.Equal(t, c.want, meshOf(w))
		})
	}
}
