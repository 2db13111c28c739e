package tunnel

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
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
	spec := rendered.Render(t, queue, config.Entry{TLSProxy: &proxy.TLSProxy{Clients: &clients, Gate: proxy.Gate{
		Port: 6379, Protocol: sidecar.TCP, SecretName: "queue-tls",
		Rebind: &proxy.Rebind{Port: 6380, Args: []string{"--listen=127.0.0.1:6380"}},
	}}}).Pod(t)
	require.Len(t, spec.InitContainers, 1)
	return spec.InitContainers[0]
}

// client issues a certificate by a template, of which the dates may be given.
func (a *authority) client(t *testing.T, c x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c.SerialNumber, c.KeyUsage = big.NewInt(3), x509.KeyUsageDigitalSignature
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	if c.ExtKeyUsage == nil {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, &c, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// echo is an app that sends back what it gets, where it was moved to.
func echo(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:6380")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
}

// says reports whether a client gets its own words back.
func says(t *testing.T, conf *tls.Config, certs ...tls.Certificate) error {
	t.Helper()
	conf = conf.Clone()
	conf.Certificates = certs
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: pod.Patience}, "tcp", podIP+":6379", conf)
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

func trusts(cas ...*authority) *tls.Config {
	pool := x509.NewCertPool()
	for _, a := range cas {
		pool.AddCert(a.cert)
	}
	return &tls.Config{RootCAs: pool, ServerName: "queue.prod.svc"}
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
	ca, clients := newAuthority(t, "test authority"), newAuthority(t, "clients' authority")
	spec := server6379(t, proxy.Clients{AllowedCommonNames: []string{"backup"}, AllowedDNSNames: []string{"shop.prod.svc"},
		AllowedURIs: []string{"spiffe://cluster.local/ns/shop/sa/shop", "spiffe://cluster.local/ns/ops/sa/*"}})
	certs := pod.NewVolume(t, ca.issue(t, "queue.prod.svc", x509.ExtKeyUsageServerAuth))
	authorities := pod.NewVolume(t, clients.bundle())
	i := slices.Index(spec.Args, "--timed-reload=60s")
	require.Positive(t, i)
	spec.Args[i] = "--timed-reload=1s" // the interval is shortened here, nothing else
	echo(t)
	c := launch(t, spec, map[string]*pod.Volume{
		"/etc/outrigger/certs": certs, "/etc/outrigger/clients": authorities, pod.Programs: pod.Folder(t, os.Getenv(programs))})
	pod.Poll(t, "the TLS port", func() bool { return connects(podIP + ":6379") })

	cn := func(names ...string) (out []pkix.AttributeTypeAndValue) {
		for _, n := range names {
			out = append(out, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, 3}, Value: n})
		}
		return out
	}
	was := time.Now().Add(-time.Minute)
	for name, c := range map[string]struct {
		by    *authority
		cert  x509.Certificate
		comes bool
	}{
		"a CN":                 {clients, x509.Certificate{Subject: pkix.Name{CommonName: "backup"}}, true},
		"a DNS name":           {clients, x509.Certificate{DNSNames: []string{"other.prod.svc", "shop.prod.svc"}}, true},
		"a URI":                {clients, x509.Certificate{URIs: uris("spiffe://cluster.local/ns/shop/sa/shop")}, true},
		"any of a namespace":   {clients, x509.Certificate{URIs: uris("spiffe://cluster.local/ns/ops/sa/x")}, true},
		"another CN":           {clients, x509.Certificate{Subject: pkix.Name{CommonName: "Backup"}}, false},
		"a longer CN":          {clients, x509.Certificate{Subject: pkix.Name{CommonName: "backup2"}}, false},
		"a CN in an O":         {clients, x509.Certificate{Subject: pkix.Name{CommonName: "x", Organization: []string{"y,CN=backup"}}}, false},
		"the first of two CNs": {clients, x509.Certificate{Subject: pkix.Name{ExtraNames: cn("backup", "x")}}, false},
		"a DNS name as the CN": {clients, x509.Certificate{Subject: pkix.Name{CommonName: "shop.prod.svc"}}, false},
		"a CN as a DNS name":   {clients, x509.Certificate{DNSNames: []string{"backup"}}, false},
		"a wildcard":           {clients, x509.Certificate{DNSNames: []string{"*.prod.svc"}}, false},
		"a name below":         {clients, x509.Certificate{DNSNames: []string{"x.shop.prod.svc"}}, false},
		"another account":      {clients, x509.Certificate{URIs: uris("spiffe://cluster.local/ns/shop/sa/shop2")}, false},
		"more segments":        {clients, x509.Certificate{URIs: uris("spiffe://cluster.local/ns/ops/sa/x/y")}, false},
		"another trust domain": {clients, x509.Certificate{URIs: uris("spiffe://evil.example/ns/shop/sa/shop")}, false},
		"within a longer URI":  {clients, x509.Certificate{URIs: uris("https://evil.example/spiffe://cluster.local/ns/shop/sa/shop")}, false},
		"no name at all":       {clients, x509.Certificate{}, false},
		"expired":              {clients, x509.Certificate{Subject: pkix.Name{CommonName: "backup"}, NotBefore: was.Add(-time.Hour), NotAfter: was}, false},
		"a server's":           {clients, x509.Certificate{Subject: pkix.Name{CommonName: "backup"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, false},
		"a foreign authority":  {newAuthority(t, "another"), x509.Certificate{Subject: pkix.Name{CommonName: "backup"}}, false},
		"the server's own":     {ca, x509.Certificate{Subject: pkix.Name{CommonName: "backup"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := says(t, trusts(ca), c.by.client(t, c.cert))
			require.Equal(t, c.comes, err == nil, "%v", err)
		})
	}
	require.Error(t, says(t, trusts(ca)), "nobody")
	old := trusts(ca)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	backup := clients.client(t, x509.Certificate{Subject: pkix.Name{CommonName: "backup"}})
	require.Error(t, says(t, old, backup))
	plain, err := net.DialTimeout("tcp", podIP+":6379", pod.Patience)
	require.NoError(t, err)
	defer plain.Close()
	require.NoError(t, plain.SetDeadline(time.Now().Add(pod.Patience)))
	_, err = plain.Write([]byte("PING\r\n\r\n"))
	require.NoError(t, err)
	got, _ := io.ReadAll(plain)
	require.False(t, bytes.Contains(got, []byte("PING")))
	require.False(t, connects(podIP+":6380"), "the app is nowhere else")
	require.Contains(t, c.Log.String(), "unauthorized: invalid principal", "who is refused is told")

	// A new certificate and a new authority count without a restart, also where both
	// authorities have the same name and a client comes with its session.
	session := trusts(ca)
	session.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	require.NoError(t, says(t, session, backup))
	next, others := newAuthority(t, "next authority"), newAuthority(t, "clients' authority")
	certs.Write(next.issue(t, "queue.prod.svc", x509.ExtKeyUsageServerAuth))
	authorities.Write(others.bundle())
	pod.Poll(t, "the new ones", func() bool {
		return says(t, trusts(next), others.client(t, x509.Certificate{Subject: pkix.Name{CommonName: "backup"}})) == nil
	})
	require.Error(t, says(t, trusts(next), backup))
	session.RootCAs.AddCert(next.cert)
	require.Error(t, says(t, session, backup))

	// At the pod's end, it takes nothing new and goes when the last connection does.
	conf := trusts(next)
	conf.Certificates = []tls.Certificate{others.client(t, x509.Certificate{Subject: pkix.Name{CommonName: "backup"}})}
	conn, err := tls.Dial("tcp", podIP+":6379", conf)
	require.NoError(t, err)
	_, err = conn.Write([]byte("PING"))
	require.NoError(t, err)
	answer := make([]byte, 4)
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	c.Terminate()
	pod.Poll(t, "new connections to be refused", func() bool { return !connects(podIP + ":6379") })
	_, err = conn.Write([]byte("PONG"))
	require.NoError(t, err)
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	require.Equal(t, "PONG", string(answer))
	require.NoError(t, conn.Close())
	c.Ended()
}
