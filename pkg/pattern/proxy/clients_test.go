package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// mutual is a TLSProxy that asks clients for certificates.
func mutual(clients Clients, edits ...func(*TLSProxy)) *TLSProxy {
	return proxy(append([]func(*TLSProxy){func(p *TLSProxy) {
		clients.CA = pattern.CABundle{SecretName: "clients-ca"}
		p.Clients = &clients
	}}, edits...)...)
}

func overTCP(p *TLSProxy) { p.Protocol = sidecar.TCP }

// nginx can't tell clients of protocol tcp by their names: whatever list there is,
// a ghostunnel has it.
func TestClientsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		clients Clients
		want    []string
	}{
		"CN":  {Clients{AllowedCommonNames: []string{"alice", "web *"}}, []string{"--allow-cn=alice", "--allow-cn=web *"}},
		"DNS": {Clients{AllowedDNSNames: []string{"shop.prod.svc"}}, []string{"--allow-dns=shop.prod.svc"}},
		"URI": {Clients{AllowedURIs: []string{"spiffe://cluster.local/ns/shop/sa/*"}},
			[]string{"--allow-uri=spiffe://cluster.local/ns/shop/sa/*"}},
		"none": {Clients{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := mutual(c.clients, overTCP)
			ch := change(t, p, patterntest.NewElasticsearch())
			var got []string
			for _, arg := range ch.Containers[0].Args {
				if strings.HasPrefix(arg, "--allow-") {
					got = append(got, arg)
				}
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.want == nil, len(ch.Objects) == 1, "nginx.conf")
			require.Equal(t, c.want == nil, ch.Containers[0].Image == pattern.NginxImage.Ref)
			require.True(t, ch.Takeovers[0].ClientCertificate)
		})
	}
}

// What a ghostunnel is told about addresses and about its end.
func TestClientsNamedListens(t *testing.T) {
	args := func(edit func(*TLSProxy), edits ...func(*sidecar.Workload)) []string {
		return change(t, mutual(Clients{AllowedCommonNames: []string{"alice"}}, overTCP, edit),
			patterntest.NewElasticsearch(edits...)).Containers[0].Args
	}
	require.Contains(t, args(func(*TLSProxy) {}), "--listen=:9200")
	require.Contains(t, args(func(p *TLSProxy) { p.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol} }),
		"--listen=0.0.0.0:9200")
	require.Contains(t, args(func(p *TLSProxy) { p.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} }),
		"--listen=[::]:9200")
	require.Contains(t, args(func(p *TLSProxy) { p.HealthPort = 17000 }), "--status=http://:17000")
	front := args(func(p *TLSProxy) { p.Mode, p.Rebind = ModeFront, nil })
	require.Contains(t, front, "--listen=:8443")
	require.Contains(t, front, "--target=127.0.0.1:9200")
	require.Contains(t, args(func(*TLSProxy) {}), "--shutdown-timeout=23s")

	p := mutual(Clients{AllowedCommonNames: []string{"alice"}}, overTCP)
	require.Nil(t, change(t, p, patterntest.NewElasticsearch()).Containers[0].Lifecycle)
	beside := func(w *sidecar.Workload) { w.Placement = sidecar.Beside }
	require.EqualValues(t, 5,
		change(t, p, patterntest.NewElasticsearch(beside)).Containers[0].Lifecycle.PreStop.Sleep.Seconds)
}

func TestClientsFindings(t *testing.T) {
	alice := Clients{AllowedCommonNames: []string{"alice"}}
	for name, c := range map[string]struct {
		proxy *TLSProxy
		want  []string
	}{
		"no CA": {proxy(func(p *TLSProxy) { p.Clients = &Clients{} }),
			[]string{
				"error missing-field: clients.ca: neither a Secret nor a ConfigMap is named; write secretName or configMapName"}},
		"two CAs": {proxy(func(p *TLSProxy) {
			p.Clients = &Clients{CA: pattern.CABundle{SecretName: "a", ConfigMapName: "b"}}
		}), []string{"error bad-value: clients.ca.configMapName: secretName is set too; remove one of them"}},
		"a mode": {mutual(Clients{Mode: "maybe"}),
			[]string{`error bad-value: clients.mode: "maybe" is unknown; write require or optional`}},
		"a CN": {mutual(Clients{AllowedCommonNames: []string{"a,CN=root"}}),
			[]string{`error bad-value: clients.allowedCommonNames[0]: "a,CN=root" can't be compared safely; write letters, ` +
				`digits, spaces and . _ @ : / * -, or write the whole subject into allowedSubjects`}},
		"a subject": {mutual(Clients{AllowedSubjects: []string{"alice"}}),
			[]string{`error bad-value: clients.allowedSubjects[0]: "alice" isn't a valid subject; write it as RFC 2253 does, ` +
				`as in CN=alice,OU=ops,O=Example`}},
		"SANs of HTTP": {mutual(Clients{AllowedURIs: []string{"spiffe://a/b"}}),
			[]string{"error client-names: clients: nginx can't match subject alternative names of client certificates; use " +
				"allowedCommonNames or allowedSubjects, as subject alternative names are for protocol tcp"}},
		"headers": {mutual(Clients{ForwardIdentity: true}, overTCP),
			[]string{"error client-names: clients.forwardIdentity: there are no headers in protocol tcp; remove it, or give " +
				"http ports a proxy of their own"}},
		"subjects, TCP": {mutual(Clients{AllowedSubjects: []string{"CN=a"}}, overTCP),
			[]string{"error client-names: clients.allowedSubjects: nothing compares whole subjects in protocol tcp; use " +
				"allowedCommonNames, allowedDNSNames or allowedURIs"}},
		"a DNS name": {mutual(Clients{AllowedDNSNames: []string{"Shop --allow-all"}}, overTCP),
			[]string{`error bad-value: clients.allowedDNSNames[0]: "Shop --allow-all" isn't a valid DNS name; write lower ` +
				`case letters, digits, - and dots, as in shop.prod.svc`}},
		"URIs": {
			mutual(
				Clients{AllowedURIs: []string{"spiffe://a/$(HOME)", "spiffe://a/b*", "spiffe://a/**/b", "**", "spiffe://a/**"}},
				overTCP), []string{
				`error bad-value: clients.allowedURIs[0]: "spiffe://a/$(HOME)" can't be compared safely; write a URI like ` +
					`spiffe://cluster.local/ns/shop/sa/shop, with * for one segment or ** for all at the end`,
				`error bad-value: clients.allowedURIs[1]: "spiffe://a/b*" can't be compared safely; write a URI like ` +
					`spiffe://cluster.local/ns/shop/sa/shop, with * for one segment or ** for all at the end`,
				`error bad-value: clients.allowedURIs[2]: "spiffe://a/**/b" can't be compared safely; write a URI like ` +
					`spiffe://cluster.local/ns/shop/sa/shop, with * for one segment or ** for all at the end`,
				`error bad-value: clients.allowedURIs[3]: "**" can't be compared safely; write a URI like ` +
					`spiffe://cluster.local/ns/shop/sa/shop, with * for one segment or ** for all at the end`}},
		"HTTP and TCP": {mutual(alice, func(p *TLSProxy) {
			p.MorePorts = []MorePort{{Port: 9300, AppPort: 9301, Protocol: sidecar.TCP}}
		}), []string{
			"error client-names: clients.allowedCommonNames: nginx can compare them for http, and can't for tcp; give the tcp " +
				"ports a proxy of their own"}},
		"what ghostunnel can't": {mutual(alice, overTCP, func(p *TLSProxy) {
			p.Clients.Mode, p.TLSProfile, p.AccessLog = OptionalClients, Modern, JSONAccessLog
			p.MorePorts = []MorePort{{Port: 9300, AppPort: 9301, Protocol: sidecar.TCP}}
		}), []string{
			"error client-names: clients.mode: in protocol tcp, a client with the wrong name can't be distinguished from one " +
				"without a certificate; remove mode, or the lists of names",
			"error client-names: morePorts: ghostunnel, which compares names in protocol tcp, has one port; give the others a " +
				"proxy of their own",
			"error client-names: tlsProfile: ghostunnel, which compares names in protocol tcp, can't refuse TLS 1.2; remove " +
				"it, or the lists of names",
			"error client-names: accessLog: ghostunnel, which compares names in protocol tcp, can't write JSON; remove it: " +
				"refused clients are logged anyway"}},
		"a way around": {mutual(alice, func(p *TLSProxy) {
			p.Mode, p.Rebind, p.NetworkPolicy = ModeFront, nil, &NetworkPolicy{Emit: new(false)}
		}), []string{
			"error app-reachable: networkPolicy: port 9200 would still accept clients without a certificate at the pod's " +
				"address; remove networkPolicy, or use mode takeover"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, patterntest.FormatFindings(c.proxy.Validate())) })
	}
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.Secrets = map[string][]string{"clients-ca": {"ca.pem"}}
	})
	require.Equal(t, []string{"error tls-invalid: clients.ca.secretName: Secret clients-ca has no key ca.crt (it has " +
		"ca.pem); name one that has the key, or set key"}, patterntest.FindingLines(t, mutual(alice), w))
	w.Secrets["clients-ca"] = []string{"ca.crt"}
	require.Empty(t, patterntest.FindingLines(t, mutual(alice), w))

	w.ConfigMaps = func(string) *sidecar.ConfigMap { return &sidecar.ConfigMap{Keys: []string{"ca.pem"}} }
	p := mutual(alice)
	p.Clients.CA = pattern.CABundle{ConfigMapName: "services-ca"}
	require.Equal(t, []string{"error tls-invalid: clients.ca.configMapName: ConfigMap services-ca has no key ca.crt (it " +
		"has ca.pem); name one that has the key, or set key"}, patterntest.FindingLines(t, p, w))
}

// In mode front, what the node leads to the app passes by the proxy.
func TestFrontHostPort(t *testing.T) {
	p := proxy(func(p *TLSProxy) {
		p.Mode, p.Rebind, p.NetworkPolicy = ModeFront, nil, &NetworkPolicy{Isolated: new(false)}
	})
	w := patterntest.NewElasticsearch(func(w *sidecar.Workload) { w.App.Ports[0].HostPort = 80 })
	require.Equal(t, []string{"error app-reachable: mode: host port 80 reaches port 9200 of the app, past the " +
		"proxy; use mode takeover, which gives the host port to the proxy, or remove hostPort"},
		patterntest.FindingLines(t, p, w))
}

// FuzzClientsNamed writes whatever there is into the lists: it's refused, or it's
// one argument of its own flag, that the kubelet doesn't expand.
func FuzzClientsNamed(f *testing.F) {
	for _, s := range []string{"alice", "a.b.svc", "spiffe://a/b", "$(X)", "a\n--allow-all", "--allow-all", "@/etc/passwd",
		"a b", "*", "**"} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, cn, dns, uri string) {
		c,
			err := sidecar.Build(
			mutual(Clients{AllowedCommonNames: []string{cn}, AllowedDNSNames: []string{dns}, AllowedURIs: []string{uri}},
				overTCP), patterntest.NewElasticsearch())
		if err != nil {
			return
		}
		args := c.Containers[0].Args
		require.Equal(t, []string{"--allow-cn=" + cn, "--allow-dns=" + dns, "--allow-uri=" + uri}, args[5:8])
		for _, arg := range args {
			require.NotContains(t, arg, "$(")
			require.NotContains(t, arg, "\n")
		}
		require.NotEmpty(t, cn+dns+uri)
	})
}
