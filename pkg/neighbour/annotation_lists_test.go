package neighbour

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Lists in annotations are extended and never written anew.
func TestListings(t *testing.T) {
	on := func(protocol sidecar.Protocol) *servicePort {
		return &servicePort{&takenPort{Takeover: sidecar.Takeover{Protocol: protocol}},
			&sidecar.Service{Ref: sidecar.Ref{Kind: "Service", Name: "web"}}, corev1.ServicePort{Name: "api", Port: 80}, false}
	}
	type list = func(*servicePort, func(string) string) []annotation
	for name, c := range map[string]struct {
		list     list
		protocol sidecar.Protocol
		have     string
		want     string
	}{
		"first":             {listNginxServices, sidecar.HTTP, "", "web"},
		"another":           {listNginxServices, sidecar.HTTP, "a, b", "a, b,web"},
		"there":             {listNginxServices, sidecar.HTTP, "a , web", "a , web"},
		"comma at the end":  {listNginxServices, sidecar.HTTP, "a, ", "a,web"},
		"part of a name":    {listNginxServices, sidecar.HTTP, "web2", "web2,web"},
		"contour":           {listContourPorts, sidecar.HTTP, "443,https", "443,https,80"},
		"contour by name":   {listContourPorts, sidecar.HTTP, "443,api", "443,api"},
		"contour by number": {listContourPorts, sidecar.HTTP, "80", "80"},
		"contour grpc":      {listContourPorts, sidecar.GRPC, "", "80"},
		"gce":               {listGCEProtocols, sidecar.HTTP, "", `{"api":"HTTPS"}`},
		"gce grpc":          {listGCEProtocols, sidecar.GRPC, `{"b":"HTTP"}`, `{"api":"HTTP2","b":"HTTP"}`},
		"gce over HTTP/2":   {listGCEProtocols, sidecar.HTTP, `{ "api" : "HTTP2" }`, `{ "api" : "HTTP2" }`},
		"gce broken":        {listGCEProtocols, sidecar.HTTP, `{`, `{`},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.list(on(c.protocol), func(string) string { return c.have })
			require.Equal(t, c.want, got[0].value)
		})
	}
	require.True(t, hasOtherProtocol(`{"api":"HTTP"}`, "api", `{"api":"HTTPS"}`))
	require.False(t, hasOtherProtocol(`{"b":"HTTP"}`, "api", `{"api":"HTTPS","b":"HTTP"}`))
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
		"a variable":            {[]string{"$ns", "svc"}, "prod", "prod", false, true},
		"a variable, other":     {[]string{"$ns", "svc"}, "test", "prod", false, false},
		"a named variable":      {[]string{"$pod_namespace"}, "prod", "prod", true, true},
		"a domain's variable":   {[]string{"$domain"}, "prod", "prod", true, false},
		"no namespace, web.com": {[]string{"com"}, "", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, inNamespace(c.words, c.from, c.namespace, c.port))
		})
	}
}
