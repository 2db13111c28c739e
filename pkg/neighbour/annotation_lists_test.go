package neighbour

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Lists in annotations are extended and never written anew.
func TestListings(t *testing.T) {
	on := func(protocol sidecar.Protocol) *lead {
		return &lead{&taken{Takeover: sidecar.Takeover{Protocol: protocol}},
			&sidecar.Service{Ref: sidecar.Ref{Kind: "Service", Name: "web"}}, corev1.ServicePort{Name: "api", Port: 80}, false}
	}
	type list = func(*lead, func(string) string) []pair
	for name, c := range map[string]struct {
		list     list
		protocol sidecar.Protocol
		have     string
		want     string
	}{
		"first":             {nginxInc, sidecar.HTTP, "", "web"},
		"another":           {nginxInc, sidecar.HTTP, "a, b", "a, b,web"},
		"there":             {nginxInc, sidecar.HTTP, "a , web", "a , web"},
		"comma at the end":  {nginxInc, sidecar.HTTP, "a, ", "a,web"},
		"part of a name":    {nginxInc, sidecar.HTTP, "web2", "web2,web"},
		"contour":           {contour, sidecar.HTTP, "443,https", "443,https,80"},
		"contour by name":   {contour, sidecar.HTTP, "443,api", "443,api"},
		"contour by number": {contour, sidecar.HTTP, "80", "80"},
		"contour grpc":      {contour, sidecar.GRPC, "", "80"},
		"gce":               {appProtocols, sidecar.HTTP, "", `{"api":"HTTPS"}`},
		"gce grpc":          {appProtocols, sidecar.GRPC, `{"b":"HTTP"}`, `{"api":"HTTP2","b":"HTTP"}`},
		"gce over HTTP/2":   {appProtocols, sidecar.HTTP, `{ "api" : "HTTP2" }`, `{ "api" : "HTTP2" }`},
		"gce broken":        {appProtocols, sidecar.HTTP, `{`, `{`},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.list(on(c.protocol), func(string) string { return c.have })
			require.Equal(t, c.want, got[0].value)
		})
	}
	require.True(t, contradicts(`{"api":"HTTP"}`, "api", `{"api":"HTTPS"}`))
	require.False(t, contradicts(`{"b":"HTTP"}`, "api", `{"api":"HTTPS","b":"HTTP"}`))
}

func TestInNamespace(t *testing.T) {
	for name, c := range map[string]struct {
		words           []string
		from, namespace string
		port, want      bool
	}{
		"short, same":           {nil, "prod", "prod", false, true},
		"short, other":          {nil, "test", "prod", false, false},
		"namespaced":            {[]string{"prod"}, "test", "prod", false, true},
		"full":                  {[]string{"prod", "svc", "cluster", "local"}, "test", "prod", false, true},
		"full, other":           {[]string{"test", "svc"}, "prod", "prod", false, false},
		"a name of the web":     {[]string{"example", "com"}, "prod", "example", true, false},
		"no namespace, short":   {nil, "", "", false, true},
		"no namespace, svc":     {[]string{"prod", "svc"}, "", "", false, true},
		"no namespace, port":    {[]string{"prod"}, "", "", true, true},
		"no namespace, web.com": {[]string{"com"}, "", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, inNamespace(c.words, c.from, c.namespace, c.port))
		})
	}
}
