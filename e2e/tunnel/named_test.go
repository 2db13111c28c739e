package tunnel

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/e2e/servers"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const queue = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue}
spec:
  template:
    spec:
      containers:
        - name: queue
          image: queue:1
          args: [serve]
          ports: [{containerPort: 6379}]
`

// server6379 is the tlsProxy of protocol tcp in a pod, as the whole program
// renders it.
func server6379(t *testing.T, clients proxy.Clients) corev1.Container {
	t.Helper()
	clients.CA = pattern.CABundle{SecretName: "clients-ca"}
	spec := rendered.Render(t, queue, config.Entry{TLSProxy: &proxy.TLSProxy{Clients: &clients, Base: proxy.Base{
		Port: 6379, Protocol: sidecar.TCP, SecretName: "queue-tls",
		Rebind: &proxy.Rebind{Port: 6380, Args: []string{"--listen=127.0.0.1:6380"}},
	}}}).Pod(t)
	require.Len(t, spec.InitContainers, 1)
	return spec.InitContainers[0]
}

// issueClient signs a client's certificate, unless the template says what else it is for.
func issueClient(t *testing.T, ca *certs.Authority, template x509.Certificate) tls.Certificate {
	t.Helper()
	if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	return ca.Issue(t, template)
}

// issueClientSecret returns a Secret of type kubernetes.io/tls for a client.
func issueClientSecret(t *testing.T, ca *certs.Authority, dnsName string) map[string]string {
	t.Helper()
	return certs.EncodeSecret(t, issueClient(t, ca, x509.Certificate{DNSNames: []string{dnsName}}))
}

// says reports whether a client gets its own words back.
func says(t *testing.T, conf *tls.Config, certs ...tls.Certificate) error {
	t.Helper()
	conf = conf.Clone()
	conf.Certificates = certs
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", pod.IP+":6379", conf)
	if err != nil {
		return err
	}
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(pod.Patience)))
	if _, err = conn.Write([]byte("PING")); err != nil {
		return err
	}
	answer := make([]byte, 4)
	if _, err = io.ReadFull(conn, answer); err != nil {
		return err // TLS 1.3: the refusal comes after the client's part of the handshake
	}
	require.Equal(t, "PING", string(answer))
	return nil
}

func trusts(cas ...*certs.Authority) *tls.Config {
	return &tls.Config{RootCAs: certs.Pool(cas...), ServerName: "queue.prod.svc"}
}

func uris(texts ...string) (out []*url.URL) {
	for _, s := range texts {
		u, err := url.Parse(s)
		if err != nil {
			panic(err)
		}
		out = append(out, u)
	}
	return out
}

// Only those with one of the names come in, whatever else their certificates say.
func TestNamedClients(t *testing.T) {
	ca, clients := certs.NewAuthority(t, "test authority"), certs.NewAuthority(t, "clients' authority")
	spec := server6379(t, proxy.Clients{
		AllowedCommonNames: []string{"backup"},
		AllowedDNSNames:    []string{"shop.prod.svc"},
		AllowedURIs:        []string{"spiffe://cluster.local/ns/shop/sa/shop", "spiffe://cluster.local/ns/ops/sa/*"},
	})
	served := pod.NewVolume(t, ca.IssueServer(t, "queue.prod.svc"))
	authorities := pod.NewVolume(t, clients.Bundle())
	i := slices.Index(spec.Args, "--timed-reload=60s")
	require.Positive(t, i)
	spec.Args[i] = "--timed-reload=1s" // the interval is shortened here, nothing else
	servers.StartEcho(t, "127.0.0.1:6380")
	c := launch(t, spec, map[string]*pod.Volume{
		"/etc/outrigger/certs":   served,
		"/etc/outrigger/clients": authorities,
		pod.Programs:             pod.ExistingVolume(t, pod.Built()),
	})
	pod.Poll(t, "the TLS port", func() bool { return pod.Connects(pod.IP + ":6379") })

	cn := func(names ...string) (out []pkix.AttributeTypeAndValue) {
		for _, n := range names {
			out = append(out, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, 3}, Value: n})
		}
		return out
	}
	was := time.Now().Add(-time.Minute)
	named := pkix.Name{CommonName: "backup"}
	within := pkix.Name{CommonName: "x", Organization: []string{"y,CN=backup"}}
	const account = "spiffe://cluster.local/ns/shop/sa/shop"
	expired := x509.Certificate{Subject: named, NotBefore: was.Add(-time.Hour), NotAfter: was}
	forServers := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for name, c := range map[string]struct {
		by    *certs.Authority
		cert  x509.Certificate
		comes bool
	}{
		"a CN":                 {clients, x509.Certificate{Subject: named}, true},
		"a DNS name":           {clients, x509.Certificate{DNSNames: []string{"other.prod.svc", "shop.prod.svc"}}, true},
		"a URI":                {clients, x509.Certificate{URIs: uris(account)}, true},
		"any of a namespace":   {clients, x509.Certificate{URIs: uris("spiffe://cluster.local/ns/ops/sa/x")}, true},
		"another CN":           {clients, x509.Certificate{Subject: pkix.Name{CommonName: "Backup"}}, false},
		"a longer CN":          {clients, x509.Certificate{Subject: pkix.Name{CommonName: "backup2"}}, false},
		"a CN in an O":         {clients, x509.Certificate{Subject: within}, false},
		"the first of two CNs": {clients, x509.Certificate{Subject: pkix.Name{ExtraNames: cn("backup", "x")}}, false},
		"a DNS name as the CN": {clients, x509.Certificate{Subject: pkix.Name{CommonName: "shop.prod.svc"}}, false},
		"a CN as a DNS name":   {clients, x509.Certificate{DNSNames: []string{"backup"}}, false},
		"a wildcard":           {clients, x509.Certificate{DNSNames: []string{"*.prod.svc"}}, false},
		"a name below":         {clients, x509.Certificate{DNSNames: []string{"x.shop.prod.svc"}}, false},
		"another account":      {clients, x509.Certificate{URIs: uris("spiffe://cluster.local/ns/shop/sa/shop2")}, false},
		"more segments":        {clients, x509.Certificate{URIs: uris("spiffe://cluster.local/ns/ops/sa/x/y")}, false},
		"another trust domain": {clients, x509.Certificate{URIs: uris("spiffe://evil.example/ns/shop/sa/shop")}, false},
		"within a longer URI":  {clients, x509.Certificate{URIs: uris("https://evil.example/" + account)}, false},
		"no name at all":       {clients, x509.Certificate{}, false},
		"expired":              {clients, expired, false},
		"a server's":           {clients, x509.Certificate{Subject: named, ExtKeyUsage: forServers}, false},
		"a foreign authority":  {certs.NewAuthority(t, "another"), x509.Certificate{Subject: named}, false},
		"the server's own":     {ca, x509.Certificate{Subject: named}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := says(t, trusts(ca), issueClient(t, c.by, c.cert))
			require.Equal(t, c.comes, err == nil, "%v", err)
		})
	}
	require.Error(t, says(t, trusts(ca)), "nobody")
	old := trusts(ca)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	backup := issueClient(t, clients, x509.Certificate{Subject: named})
	require.Error(t, says(t, old, backup))
	require.NotContains(t, pod.Exchange(t, pod.IP+":6379", "PING\r\n\r\n"), "PING")
	require.False(t, pod.Connects(pod.IP+":6380"), "the app is nowhere else")
	require.Contains(t, c.Log.String(), "unauthorized: invalid principal", "who is refused is told")

	// A new certificate and a new authority count without a restart, also where both
	// authorities have the same name and a client comes with its session.
	session := trusts(ca)
	session.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	require.NoError(t, says(t, session, backup))
	next, others := certs.NewAuthority(t, "next authority"), certs.NewAuthority(t, "clients' authority")
	served.WriteFiles(next.IssueServer(t, "queue.prod.svc"))
	authorities.WriteFiles(others.Bundle())
	pod.Poll(t, "the new ones", func() bool {
		return says(t, trusts(next), issueClient(t, others, x509.Certificate{Subject: named})) == nil
	})
	require.Error(t, says(t, trusts(next), backup))
	session.RootCAs.AddCert(next.Certificate)
	require.Error(t, says(t, session, backup))

	// At the pod's end, it takes nothing new and goes when the last connection does.
	conf := trusts(next)
	conf.Certificates = []tls.Certificate{issueClient(t, others, x509.Certificate{Subject: named})}
	conn, err := tls.Dial("tcp", pod.IP+":6379", conf)
	require.NoError(t, err)
	_, err = conn.Write([]byte("PING"))
	require.NoError(t, err)
	answer := make([]byte, 4)
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	c.Terminate()
	pod.Poll(t, "new connections to be refused", func() bool { return !pod.Connects(pod.IP + ":6379") })
	_, err = conn.Write([]byte("PONG"))
	require.NoError(t, err)
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	require.Equal(t, "PONG", string(answer))
	require.NoError(t, conn.Close())
	c.RequireSuccess()
}
