package proxy

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func certified(edits ...func(*pattern.Certificate)) func(*TLSProxy) {
	return func(p *TLSProxy) {
		p.SecretName = ""
		p.Certificate = &pattern.Certificate{IssuerRef: pattern.IssuerRef{Name: "ca"}}
		for _, edit := range edits {
			edit(p.Certificate)
		}
	}
}

func TestCertificate(t *testing.T) {
	c := change(t, proxy(certified()), patterntest.NewElasticsearch())
	require.Len(t, c.Objects, 2)
	require.Equal(t, "elasticsearch-tls-proxy", c.Volumes[1].Secret.SecretName)
	require.Equal(t, `{"apiVersion":"cert-manager.io/v1","kind":"Certificate",`+
		`"metadata":{"name":"elasticsearch-tls-proxy","labels":{"app.kubernetes.io/managed-by":"outrigger"}},`+
		`"spec":{"secretName":"elasticsearch-tls-proxy","dnsNames":["elasticsearch","elasticsearch.prod",`+
		`"elasticsearch.prod.svc","elasticsearch.prod.svc.cluster.local"],"duration":"2160h","renewBefore":"720h",`+
		`"privateKey":{"algorithm":"ECDSA","size":256,"rotationPolicy":"Always"},"usages":["digital signature","server `+
		`auth"],"issuerRef":{"kind":"Issuer","name":"ca","group":"cert-manager.io"}}}`, string(c.Objects[1].RawMessage))
	require.Empty(t, c.Notes)

	c = change(t, proxy(certified(func(c *pattern.Certificate) {
		c.IssuerRef = pattern.IssuerRef{Name: "x", Kind: "AWSPCAClusterIssuer", Group: "awspca.cert-manager.io"}
		c.DNSNames, c.Duration = []string{"b.example.com", "*.a.example.com"}, "1h30m"
	}), func(p *TLSProxy) { p.SecretName = "mine" }), patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.Services = nil
		w.Secrets = map[string][]string{"mine": nil} // cert-manager will fill it
	}))
	require.Equal(t, "mine", c.Volumes[1].Secret.SecretName)
	require.Equal(t, "mine", c.Objects[1].Ref().Name)
	require.Contains(t, string(c.Objects[1].RawMessage),
		`"spec":{"secretName":"mine","dnsNames":["b.example.com","*.a.example.com"],"duration":"1h30m","privateKey"`)
	require.Contains(t, string(c.Objects[1].RawMessage),
		`"issuerRef":{"kind":"AWSPCAClusterIssuer","name":"x","group":"awspca.cert-manager.io"}`)

	c = change(t, proxy(certified(func(c *pattern.Certificate) { c.RenewBefore = "24h" })), patterntest.NewElasticsearch())
	require.Contains(t, string(c.Objects[1].RawMessage), `"duration":"2160h","renewBefore":"24h"`)
}

func TestCertificateNames(t *testing.T) {
	service := func(namespace, name, ip string) sidecar.Service {
		return sidecar.Service{Ref: sidecar.Ref{Kind: "Service", Namespace: namespace, Name: name},
			Spec: corev1.ServiceSpec{ClusterIP: ip}}
	}
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.Services = []sidecar.Service{service("", "b", ""), service("prod", "a", "None")}
	})
	require.Equal(t, []string{
		"a", "*.a", "a.prod", "*.a.prod", "a.prod.svc", "*.a.prod.svc", "a.prod.svc.cluster.local",
		"*.a.prod.svc.cluster.local",
		"b", "b.prod", "b.prod.svc", "b.prod.svc.cluster.local",
	}, new(pattern.Certificate).ServiceNames(w))
	require.Equal(t, "b", w.Services[0].Ref.Name, "the view stays as it was")

	nowhere := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.Ref.Namespace, w.Services = "", []sidecar.Service{service("", "b", "None"), service("", "a", "")}
	})
	p := proxy(certified())
	require.Equal(t, []string{"a", "b", "*.b"}, p.Certificate.ServiceNames(nowhere))
	peers := func(replicas *int32, first int32) []string {
		return p.Certificate.ServiceNames(patterntest.NewElasticsearch(func(w *sidecar.Workload) {
			w.Ref = sidecar.Ref{Group: "apps", Kind: "StatefulSet", Name: "db"}
			w.Replicas, w.FirstPod, w.Services = replicas, first, []sidecar.Service{service("", "peers", "None")}
		}))
	}
	require.Equal(t, []string{"peers", "*.peers", "db-0.peers"}, peers(nil, 0))
	require.Equal(t, []string{"peers", "*.peers", "db-0.peers", "db-1.peers"}, peers(new(int32(2)), 0))
	require.Equal(t, []string{"peers", "*.peers"}, peers(new(int32(100)), 0))
	require.Equal(t, []string{"peers", "*.peers", "db-5.peers", "db-6.peers"}, peers(new(int32(2)), 5))
	require.Equal(t, []string{"info certificate-names: certificate.dnsNames: the namespace isn't known, so the " +
		"certificate has only the short names of the Services; write dnsNames if clients in other namespaces use " +
		"longer names"},
		patterntest.FormatFindings(change(t, p, nowhere).Notes))
	require.Equal(t, []string{"error certificate-names: certificate.dnsNames: no Service selects the workload, so there " +
		"are no names for its certificate; write dnsNames"},
		patterntest.FindingLines(t, p, patterntest.NewElasticsearch(func(w *sidecar.Workload) { w.Services = nil })))
}

func TestCertificateValidate(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*pattern.Certificate)
		want []string
	}{
		"no issuer": {func(c *pattern.Certificate) { c.IssuerRef.Name = "" }, []string{
			"error missing-field: certificate.issuerRef.name: no issuer is named; name an Issuer of the workload's namespace, " +
				"or a ClusterIssuer with kind: ClusterIssuer"}},
		"bad issuer": {func(c *pattern.Certificate) { c.IssuerRef.Name = "the ca" }, []string{
			`error bad-value: certificate.issuerRef.name: "the ca" can't be the name of an object; use lower case letters, ` +
				`digits, - and dots`}},
		"names": {func(c *pattern.Certificate) {
			c.DNSNames = []string{"a.b", "*.a", "10.0.0.1", "::1", "a b", "*.*.a", "*"}
		}, []string{
			`error bad-value: certificate.dnsNames[2]: "10.0.0.1" is an address, not a name; name the Services in front`,
			`error bad-value: certificate.dnsNames[3]: "::1" is an address, not a name; name the Services in front`,
			`error bad-value: certificate.dnsNames[4]: "a b" isn't a valid DNS name; use lower case letters, digits, - and ` +
				`dots, as in search.prod.svc, with *. in front for a wildcard`,
			`error bad-value: certificate.dnsNames[5]: "*.*.a" isn't a valid DNS name; use lower case letters, digits, - and ` +
				`dots, as in search.prod.svc, with *. in front for a wildcard`,
			`error bad-value: certificate.dnsNames[6]: "*" isn't a valid DNS name; use lower case letters, digits, - and ` +
				`dots, as in search.prod.svc, with *. in front for a wildcard`}},
		"durations": {func(c *pattern.Certificate) { c.Duration, c.RenewBefore = "90d", "1m" }, []string{
			`error bad-value: certificate.duration: "90d" isn't a valid duration; write hours, minutes and seconds, as in ` +
				`2160h or 1h30m`,
			"error bad-value: certificate.renewBefore: 1m is less than cert-manager accepts; write at least 5m0s"}},
		"short": {func(c *pattern.Certificate) {
			c.Duration = "59m"
		}, []string{"error bad-value: certificate.duration: 59m is less than cert-manager accepts; write at least 1h0m0s"}},
		"renewed for ever": {func(c *pattern.Certificate) {
			c.Duration, c.RenewBefore = "2h", "2h"
		}, []string{"error bad-value: certificate.renewBefore: it isn't shorter than duration, so the certificate would be " +
			"renewed all the time; write about a third of duration, or remove it"}},
		"longer than 90 days": {func(c *pattern.Certificate) {
			c.RenewBefore = "2160h"
		}, []string{"error bad-value: certificate.renewBefore: it isn't shorter than duration, so the certificate would be " +
			"renewed all the time; write about a third of duration, or remove it"}},
		"shortest": {func(c *pattern.Certificate) { c.Duration = "1h" }, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, patterntest.FormatFindings(proxy(certified(c.edit)).Validate()))
		})
	}
}
