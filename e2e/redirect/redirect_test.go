package redirect

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/outrigger-dev/outrigger/e2e/certs"
	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/e2e/rendered"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

const (
	port, other = 9200, 9300
	serverName  = "search.prod.svc"
)

// A redirected app is what a pod gets.
type redirected struct {
	files             map[string]string
	redirector, nginx corev1.Container
}

// render is what the whole program renders, for the nginx of Debian 12.
func render(t *testing.T) redirected {
	t.Helper()
	app := rendered.Deployment("search", fmt.Sprintf("          ports: [{containerPort: %d}]\n", port))
	out := rendered.Render(t, app, config.Entry{
		TLSProxy: &proxy.TLSProxy{Base: proxy.Base{Port: port, Mode: proxy.ModeRedirect, SecretName: "search-tls"}},
		Override: &corev1.Container{Image: "docker.io/library/nginx:1.22.1"},
	})
	spec := out.Pod(t)
	require.Len(t, spec.InitContainers, 2)
	return redirected{out.Data(t), spec.InitContainers[0], spec.InitContainers[1]}
}

// serve runs the app on all addresses of the pod.
func serve(t *testing.T) {
	t.Helper()
	for _, p := range []int{port, other} {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", p))
		require.NoError(t, err)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "app %d for %s", p, r.Header.Get("X-Forwarded-For"))
		})}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
	}
}

// start runs the app, and what is rendered for it but the redirector.
func (r redirected) start(t *testing.T, ca *certs.Authority) {
	t.Helper()
	serve(t)
	udp, err := net.ListenPacket("udp", fmt.Sprintf(":%d", port))
	require.NoError(t, err)
	t.Cleanup(func() { _ = udp.Close() })
	go func() {
		buffer := make([]byte, 100)
		for {
			n, from, err := udp.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = udp.WriteTo(buffer[:n], from)
		}
	}()
	volumes := map[string]*pod.Volume{
		"/etc/outrigger/nginx": pod.NewVolume(t, r.files),
		"/etc/outrigger/certs": pod.NewVolume(t, ca.IssueServer(t, serverName)),
		"/tmp":                 nil,
	}
	pod.Launch(t, r.nginx, volumes).WaitForPort("127.0.0.1:8443")
}

// redirect runs the init container as the kubelet does, in whose containers /dev/shm can be written to. Programs in
// broken can't be used.
func (r redirected) redirect(t *testing.T, broken ...string) *pod.Container {
	t.Helper()
	return pod.Launch(t, r.redirector, map[string]*pod.Volume{"/dev/shm": nil, pod.Programs: pod.NewApplets(t, broken...)})
}

// Clients reach the proxy at all addresses of the pod, by whichever program the rules are made, and only the app's
// port is concerned. A second run adds nothing.
func TestRedirect(t *testing.T) {
	for _, c := range []struct {
		name, suffix string
		broken       []string
		prepare      func(*network)
	}{
		{"nftables", "nft", nil, func(*network) {}},
		{"no nftables in the kernel", "legacy", []string{"iptables-nft", "ip6tables-nft"}, func(*network) {}},
		{"legacy rules in the pod", "legacy", nil, func(n *network) {
			n.inPod("iptables-legacy", "-t", "nat", "-A", "OUTPUT", "-d", "192.0.2.1", "-j", "ACCEPT")
			n.inPod("ip6tables-legacy", "-t", "nat", "-A", "OUTPUT", "-d", "2001:db8::1", "-j", "ACCEPT")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, r, ca := newNetwork(t), render(t), certs.NewAuthority(t, "test authority")
			c.prepare(n)
			r.start(t, ca)
			require.Equal(t, "app 9200 for  200", answer(n.outside, url4("http", pod4, port)), "not yet")
			for range 2 {
				run := r.redirect(t, c.broken...)
				run.RequireSuccess()
				for _, program := range []string{"iptables-" + c.suffix, "ip6tables-" + c.suffix} {
					require.Contains(t, run.Log.String(), "redirected by "+program)
					require.Len(t, n.rules(program), 2)
				}
			}
			n.requireRedirected(ca)
		})
	}
}

// requireRedirected asks at all addresses.
func (n *network) requireRedirected(ca *certs.Authority) {
	t := n.t
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(file, []byte(ca.Bundle()["ca.crt"]), 0o600))
	trusted := func(address string) []string {
		return []string{"--cacert", file, "--resolve", fmt.Sprintf("%s:%d:%s", serverName, port, address)}
	}
	secure := url4("https", serverName, port)
	for _, at := range []struct{ url, address, client string }{
		{url4("http", pod4, port), pod4, client4}, {url6("http", pod6, port), pod6, client6},
	} {
		require.Contains(t, answer(n.outside, at.url), "400 The plain HTTP request was sent to HTTPS port")
		require.Equal(t, "app 9200 for "+at.client+" 200", answer(n.outside, secure, trusted(at.address)...))
		require.Contains(t, answer(n.inPod, at.url), "400 The plain HTTP request was sent to HTTPS port",
			"the pod's own address is the proxy's for the pod, too")
		require.Contains(t, answer(n.inPod, secure, trusted(at.address)...), "app 9200 for ")
	}
	for _, url := range []string{url4("http", "127.0.0.1", port), url6("http", "::1", port)} {
		require.Equal(t, "app 9200 for  200", answer(n.inPod, url), "loopback is the app's")
	}
	for _, url := range []string{url4("http", pod4, other), url6("http", pod6, other)} {
		require.Equal(t, "app 9300 for  200", answer(n.outside, url), "as before")
	}
	echo := fmt.Sprintf("exec 3<>/dev/udp/%s/%d && echo hello >&3 && dd bs=100 count=1 status=none <&3", pod4, port)
	require.Equal(t, "hello\n", n.outside("timeout", "180", "bash", "-c", echo), "UDP as before")
}

// Without rules for an address that clients can reach, the app must not start. Without an address there is no need.
func TestWithoutIPv6(t *testing.T) {
	broken := []string{"ip6tables-nft", "ip6tables-legacy"}
	n, r := newNetwork(t), render(t)
	run := r.redirect(t, broken...)
	run.RequireFailure()
	require.Contains(t, run.Log.String(), "the pod has an IPv6 address, where the port can't be redirected")

	n.inPod("ip", "-6", "address", "del", pod6+"/64", "dev", "eth0") // its link-local one stays
	run = r.redirect(t, broken...)
	run.RequireSuccess()
	require.Contains(t, run.Log.String(), "the pod has no IPv6 address but on its link, where the port can't be closed")
	require.Len(t, n.rules("iptables-nft"), 2)
}

// A neighbour on the pod's link may know its link-local address. Without rules for it, the port is closed there, and
// nowhere else.
func TestLinkLocalAddress(t *testing.T) {
	for _, c := range []struct {
		program string
		broken  []string
	}{{"ip6tables-nft", nil}, {"ip6tables-legacy", []string{"ip6tables-nft"}}} {
		t.Run(c.program, func(t *testing.T) {
			n, r := newNetwork(t), render(t)
			n.inPod("ip", "-6", "address", "del", pod6+"/64", "dev", "eth0")
			serve(t)
			at := n.linkLocal() + "%eth0"
			require.Contains(t, answer(n.outside, url6("http", at, port)), "app 9200 for ", "not yet")
			applets := pod.NewApplets(t, c.broken...)
			for _, program := range []string{"ip6tables-nft", "ip6tables-legacy"} {
				if !slices.Contains(c.broken, program) {
					withoutNAT(t, applets.Dir, program)
				}
			}
			for range 2 {
				run := pod.Launch(t, r.redirector, map[string]*pod.Volume{"/dev/shm": nil, pod.Programs: applets})
				run.RequireSuccess()
				require.Contains(t, run.Log.String(), "the pod has no IPv6 address but on its link, where the port is closed")
				require.Equal(t, 1, strings.Count(n.inPod(c.program, "-S", "INPUT"), "-j DROP"))
			}
			n.outside("sh", "-c", `! curl --silent --max-time 1 "$0"`, url6("http", at, port))
			require.NotRegexp(t, `(?m)^ *0 .* DROP `, n.inPod(c.program, "-L", "INPUT", "-n", "-v", "-x"), "it was asked")
			require.Contains(t, answer(n.outside, url6("http", at, other)), "app 9300 for ")
			require.Equal(t, "app 9200 for  200", answer(n.inPod, url6("http", "::1", port)))
			require.Len(t, n.rules("iptables-nft"), 2)
		})
	}
}

// withoutNAT makes a program as it is where the kernel has no nat table.
func withoutNAT(t *testing.T, dir, program string) {
	t.Helper()
	text := "#!/bin/sh\ncase \" $* \" in *\" -t nat \"*) echo no nat table >&2 && exit 3 ;; esac\nexec /usr/sbin/" +
		program + " \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte(text), 0o755))
}

// Without any iptables that works, the app must not start.
func TestNoRules(t *testing.T) {
	newNetwork(t)
	run := render(t).redirect(t, "iptables-nft", "iptables-legacy")
	run.RequireFailure()
	require.Contains(t, run.Log.String(), "iptables-legacy")
}
