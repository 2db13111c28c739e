package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// judge fails the test when manifests are worse after a run than before it, and
// gives the verdicts on what came out.
func judge(t *testing.T, before, after string) []Verdict {
	t.Helper()
	require.NotEqual(t, before, after, "nothing was done, so nothing is shown")
	was, vs := Check(before), Check(after)
	require.NotEmpty(t, vs)
	worse := Worse(was, vs)
	// Two names of a port that the app has are now those of its proxy.
	moved := strings.Contains(fmt.Sprint(was), "duplicate port definition")
	worse = slices.DeleteFunc(worse, func(s string) bool {
		return strings.Contains(s, twoNames) || moved && strings.Contains(s, "duplicate port definition")
	})
	require.Empty(t, worse, "before:\n%s\nafter:\n%s", before, after)
	return vs
}

// twoNames is in the error of server-side apply about one port with two names. A list's key may be there twice in what
// is created or updated: there the API server only warns of it.
const twoNames = "duplicate entries for key [containerPort="

// unknown are the kinds of which nothing can be checked here, with the reason. One
// that isn't among them fails the test: nothing is skipped without a word.
var unknown = map[string]string{
	"ApisixRoute":              "APISIX's; nothing is done to it",
	"ApisixUpstream":           "APISIX's; nothing is done to it",
	"AuthService":              "Ambassador's; nothing is done to it",
	"BackendConfig":            "Google's; nothing is done to it",
	"BackendTLSPolicy":         "the Gateway API's; it has no pod template",
	"Certificate":              "cert-manager's; it has no pod template",
	"Crew":                     "nobody's; only a config says where its pod templates are",
	"CustomResourceDefinition": "nothing is done to it",
	"DataSource":               "nobody's; nothing is done to it",
	"DestinationRule":          "Istio's; nothing is done to it",
	"ExtensionService":         "Contour's; nothing is done to it",
	"Fleet":                    "nobody's; only a config says where its pod template is",
	"GRPCRoute":                "the Gateway API's; it has no pod template",
	"Gateway":                  "the Gateway API's; nothing is done to it",
	"HTTPProxy":                "Contour's; nothing is done to it",
	"HTTPRoute":                "the Gateway API's; it has no pod template",
	"HelmRelease":              "Flux's; nothing is done to it",
	"IngressClass":             "nothing is done to it",
	"IngressRoute":             "Traefik's; nothing is done to it",
	"IngressRouteTCP":          "Traefik's; nothing is done to it",
	"Issuer":                   "cert-manager's; it has no pod template",
	"Job":                      "Volcano's; those of group batch are checked",
	"JobSet":                   "the project JobSet's",
	"KongService":              "Kong's; nothing is done to it",
	"KongUpstreamPolicy":       "Kong's; nothing is done to it",
	"LogService":               "Ambassador's; nothing is done to it",
	"Mapping":                  "Ambassador's; nothing is done to it",
	"Middleware":               "Traefik's; nothing is done to it",
	"Namespace":                "nothing is done to it",
	"PodMonitor":               "the Prometheus operator's; it has no pod template",
	"Probe":                    "the Prometheus operator's; nothing is done to it",
	"Prometheus":               "the Prometheus operator's; nothing is done to it",
	"RateLimitService":         "Ambassador's; nothing is done to it",
	"RayCluster":               "Ray's",
	"RayService":               "Ray's",
	"RequestAuthentication":    "Istio's; nothing is done to it",
	"Route":                    "OpenShift's; nothing is done to it",
	"RouteGroup":               "Skipper's; nothing is done to it",
	"RouteTable":               "Gloo's; nothing is done to it",
	"ScrapeConfig":             "the Prometheus operator's; nothing is done to it",
	"ServiceMonitor":           "the Prometheus operator's; it has no pod template",
	"TCPIngress":               "Kong's; nothing is done to it",
	"TCPMapping":               "Ambassador's; nothing is done to it",
	"TCPRoute":                 "the Gateway API's; nothing is done to it",
	"TLSRoute":                 "the Gateway API's; nothing is done to it",
	"Thing":                    "nobody's; nothing is done to it",
	"TracingService":           "Ambassador's; nothing is done to it",
	"TraefikService":           "Traefik's; nothing is done to it",
	"Upstream":                 "Gloo's; nothing is done to it",
	"VirtualServer":            "NGINX's; nothing is done to it",
	"VirtualServerRoute":       "NGINX's; nothing is done to it",
	"VirtualService":           "Istio's, and Gloo's; nothing is done to it",
}

// A census counts what was looked at.
type census struct {
	scopes            map[Scope]int
	unknown           map[string]bool // objects of which nothing was checked
	accepted, refused int
}

func (c *census) add(t *testing.T, vs []Verdict) {
	t.Helper()
	if c.scopes == nil {
		c.scopes, c.unknown = map[Scope]int{}, map[string]bool{}
	}
	for _, v := range vs {
		c.scopes[v.Scope]++
		switch {
		case v.Scope == Nothing:
			kind, _, _ := strings.Cut(v.Object, " ")
			require.Contains(t, unknown, kind, "a kind that isn't checked: %s", v.Object)
			c.unknown[v.Object] = true
		case v.Accepted():
			c.accepted++
		default:
			c.refused++
		}
	}
}

func (c *census) log(t *testing.T) {
	t.Helper()
	t.Logf("%d objects accepted, %d refused as in their input", c.accepted, c.refused)
	t.Logf("%d checked as a whole, %d by their pod template, %d not at all: %s",
		c.scopes[Whole], c.scopes[PodTemplate], c.scopes[Nothing],
		strings.Join(slices.Sorted(maps.Keys(c.unknown)), ", "))
}
