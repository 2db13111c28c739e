package sidecar_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestInjectingMesh(t *testing.T) {
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
			mesh := w.InjectingMesh()
			if c.want == "" {
				require.Nil(t, mesh)
				return
			}
			require.Equal(t, c.want, mesh.Name)
		})
	}
}

func TestMeshStartsFirst(t *testing.T) {
	type words = map[string]string
	istio, linkerd := words{"istio.io/rev": "1-27"}, words{"linkerd.io/inject": "enabled"}
	const istioKey, linkerdKey = "sidecar.istio.io/nativeSidecar", "config.linkerd.io/proxy-enable-native-sidecar"
	beta, alpha := strings.Replace(linkerdKey, "g.", "g.beta.", 1), strings.Replace(linkerdKey, "g.", "g.alpha.", 1)
	for name, c := range map[string]struct {
		mesh, more, namespace words
		want                  bool
	}{
		"istio":                            {mesh: istio},
		"istio, native":                    {istio, words{istioKey: "true"}, nil, true},
		"istio, not native":                {mesh: istio, more: words{istioKey: "false"}},
		"istio doesn't read the namespace": {mesh: istio, namespace: words{istioKey: "true"}},
		"linkerd":                          {mesh: linkerd},
		"linkerd, native":                  {linkerd, words{linkerdKey: "true"}, nil, true},
		"linkerd 2.19, native":             {linkerd, words{beta: "true"}, nil, true},
		"linkerd, by namespace":            {linkerd, nil, words{alpha: "true"}, true},
		"linkerd, but not here": {linkerd, words{linkerdKey: "false"},
			words{linkerdKey: "true"}, false},
		"kuma": {mesh: words{"kuma.io/sidecar-injection": "enabled"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &sidecar.Workload{Namespace: sidecar.Meta{Annotations: c.namespace}}
			w.Pod.Labels, w.Pod.Annotations = c.mesh, c.more
			require.Equal(t, c.want, w.InjectingMesh().StartsFirst(w))
		})
	}
}

func TestMeshExcludes(t *testing.T) {
	w := &sidecar.Workload{}
	w.Pod.Labels = map[string]string{"linkerd.io/inject": "enabled"}
	mesh := w.InjectingMesh()
	require.False(t, mesh.Excludes(w, 8200))
	w.Pod.Annotations = map[string]string{"config.linkerd.io/skip-outbound-ports": "443, 8000-8300,x"}
	for port, want := range map[int32]bool{443: true, 8000: true, 8200: true, 8300: true, 8301: false, 80: false} {
		require.Equal(t, want, mesh.Excludes(w, port), port)
	}
}
