package wire

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
)

// A setup is one rendered configuration, and the requests that it lets in without credentials.
type setup struct {
	name   string
	entry  string // of spec.patterns
	tls    bool
	grpc   bool // the app is probed by it
	probes []probe
	public []string // paths, or all below one with * at the end
}

type probe struct {
	path    string
	headers []string // as they're sent: "Name: value"
}

// The sockets of a setup's listeners, and those of the app, one for each listener.
const (
	front   = "8080"
	health  = "16000"
	behind  = "8081"
	probing = "8081-health"
)

// moved are the fields of an entry with the app's port, before and after the takeover.
const moved = "port: 8080, rebind: {port: 8081, env: {ADDR: '127.0.0.1:8081'}}"

// oidc is the field of an entry with an OpenID Connect provider.
const oidc = "oidc: {issuerURL: 'https://issuer.example', clientID: a, secretName: oidc}"

// entries are the patterns that ask for credentials; %s takes public paths.
var entries = []struct {
	name, entry string
	tls, public bool
}{
	{"mTLS", "tlsProxy: {secretName: certs, " + moved + ", clients: {ca: {secretName: ca}}%s}", true, false},
	{"basic", "authProxy: {" + moved + ", basic: {secretName: users}%s}", false, true},
	{"basic-TLS", "authProxy: {secretName: certs, " + moved + ", basic: {secretName: users}%s}", true, true},
	{"OIDC", "authProxy: {" + moved + ", " + oidc + "%s}", false, true},
	{"OIDC-TLS", "authProxy: {secretName: certs, " + moved + ", " + oidc + "%s}", true, true},
	{"mTLS-told", "tlsProxy: {secretName: certs, " + moved + ", " +
		"clients: {ca: {secretName: ca}, forwardIdentity: true, allowedCommonNames: [alice]}%s}", true, false},
}

// probed are probes of pods: one path with two queries, upper and lower case, odd characters, escapes, headers.
var probed = [][]probe{
	{{"/healthz", nil}},
	{
		{"/_cluster/health?local=true", nil},
		{"/_cluster/health?wait_for_status=yellow", nil},
		{"/_cluster/health?local=true", nil},
	},
	{
		{"/healthz", []string{"X-Probe: v"}},
		{"/Healthz", []string{"Accept: text/plain", "x-probe: w", "Remote-User: v"}},
		{"/healthz?full=1", []string{"Authorization: Basic cHJvYmU6K3M=", "Host: search.example", "Upgrade: v"}},
	},
	{
		{"/", []string{"Host: a.example"}},
		{"", []string{"host: b.example:8080", `X-Probe: "$v" {é} \\;`, "User-Agent: mine", "X-Probe-2: "}},
		{"/?", nil},
	},
	{{"/a.b(c)*+,;=:@-~!&'/x?q=a/b?c&d='e'", nil}, {"ready", nil}, {"/ready/", nil}},
	{{"/health%20check?x=%2F..%2F", nil}, {"/health check", nil}, {"/live", nil}},
}

var publicPaths = [][]string{
	{"/healthz", "/static/*", "/static/*", "/open", "/healthz"},
	{"/index"},
	{"/Assets/*", "/a.b/*", "/login@(x)", "/Assets/x"},
	nil,
	{"/~a/!b'/*", "/static/css/*", "/static/css/*"},
}

// setups returns all configurations that are attacked: 60.
func setups() (all []setup) {
	for i, e := range entries {
		for j, probes := range probed {
			for k := range 2 {
				if !e.public && k > 0 {
					continue
				}
				set := setup{name: fmt.Sprintf("%s-%d-%d", e.name, j, k), tls: e.tls, probes: probes}
				public := ""
				if e.public {
					set.public = publicPaths[(i+2*j+k)%len(publicPaths)]
					if set.public != nil {
						list, _ := json.Marshal(set.public)
						public = ", publicPaths: " + string(list)
					}
				}
				set.entry = fmt.Sprintf(e.entry, public)
				all = append(all, set)
			}
		}
	}
	return all
}

// conf is the nginx.conf that the whole program renders for an app with the probes.
func (set setup) conf(t testing.TB) string {
	t.Helper()
	doc := fmt.Sprintf(`apiVersion: %s
kind: Sidecars
metadata: {name: wire}
spec:
  select: [{kind: Deployment}]
  patterns:
  - %s
    override: {image: %q}
`, config.APIVersion, set.entry, image(t))
	conf := rendered.RenderDocument(t, set.workload(t), doc).Data(t)["nginx.conf"]
	require.NotEmpty(t, conf, set.name)
	return conf
}

// workload is a Deployment whose container has the probes.
func (set setup) workload(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("          ports: [{containerPort: 8080}]\n")
	if set.grpc {
		b.WriteString("          livenessProbe: {grpc: {port: 8080}}\n")
	}
	for i, p := range set.probes {
		kind := []string{"startupProbe", "livenessProbe", "readinessProbe"}[i]
		get := map[string]any{"path": p.path, "port": 8080}
		if p.headers != nil {
			var list []any
			for _, h := range p.headers {
				name, value, _ := strings.Cut(h, ": ")
				list = append(list, map[string]any{"name": name, "value": value})
			}
			get["httpHeaders"] = list
		}
		raw, err := json.Marshal(map[string]any{"httpGet": get})
		require.NoError(t, err)
		fmt.Fprintf(&b, "          %s: %s\n", kind, raw)
	}
	return rendered.Deployment("search", b.String())
}

// A stand is a setup that runs: nginx, and an app behind it.
type stand struct {
	setup
	dir string
	app map[string]*app // by listener
}

// open runs a setup, and waits until it listens on a socket; default: the one for the kubelet.
func open(t testing.TB, set setup, socket ...string) *stand {
	t.Helper()
	s := &stand{setup: set, dir: folder(t)}
	writeCertificates(t, s.dir)
	write(t, s.dir, "users/htpasswd", "alice:{PLAIN}"+password+"\n")
	s.app = map[string]*app{front: record(t, s.dir, behind), health: record(t, s.dir, probing)}
	refuse(t, s.dir, "4180")
	launch(t, s.dir, set.conf(t), append(socket, health)[0])
	return s
}

const password = "kX9-only-the-tests-know-it-3mQ"

// refuse listens in place of oauth2-proxy, and refuses requests without the password.
func refuse(t testing.TB, dir, socket string) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(dir, socket))
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, p, _ := r.BasicAuth(); p != password {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Auth-Request-User", "alice")
		w.WriteHeader(http.StatusAccepted)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

// writeCertificates writes a server's certificate, and the authority of clients that are let in.
func writeCertificates(t testing.TB, dir string) {
	t.Helper()
	ca := certs.NewAuthority(t, "search")
	for name, text := range ca.IssueServer(t, "search") {
		write(t, dir, "certs/"+name, text)
	}
	write(t, dir, "clients/ca.crt", ca.Bundle()["ca.crt"])
}

// dial connects to one of the listeners, with TLS if the setup has it.
func (s *stand) dial(socket string, protocols ...string) (net.Conn, error) {
	conn, err := net.Dial("unix", filepath.Join(s.dir, socket))
	if err != nil || !s.tls {
		return conn, err
	}
	return tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}), nil
}
