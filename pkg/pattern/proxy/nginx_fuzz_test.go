package proxy

import (
	"fmt"
	"net/textproto"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// shape is a configuration with its words left out, in which users' texts may stand:
// each directive's name with the blocks around it, in order, and how many words it
// has. In a map or a geo there are no directives: what stands first is a word as well.
func shape(t *testing.T, conf string) (out []string) {
	t.Helper()
	all, err := directives(conf)
	require.NoError(t, err, conf)
	for _, d := range all {
		name := d.words[0]
		if n := len(d.blocks); n > 0 && (d.blocks[n-1] == "map" || d.blocks[n-1] == "geo") {
			name = "entry"
		}
		out = append(out, fmt.Sprint(d.blocks, name, len(d.words)))
	}
	return out
}

// FuzzNginxWords tries to break out of nginx.conf with names of clients, subjects,
// realms, public paths, probes and their headers: what isn't refused leaves every
// directive where it is.
func FuzzNginxWords(f *testing.F) {
	for _, s := range []string{"alice", "a b", `a"; } server { listen 1; }`, `x\`, "$host", "CN=alice,O=x", `CN="a"`,
		"/open", "/static/*", "/a;b", "/a?x=1", "~^/", "default", "\n", "/é", "/a{b}", "X-Long", "Accept", `${x}\n[^"`,
		"é: ü\t"} {
		f.Add(s)
	}
	probing := func(path string, headers ...corev1.HTTPHeader) *sidecar.Workload {
		return patterntest.NewElasticsearch(func(w *sidecar.Workload) {
			w.App.ReadinessProbe = &corev1.Probe{
				ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(9200), HTTPHeaders: headers}}}
		})
	}
	tls := func(cn, dn string) *TLSProxy {
		return proxy(func(p *TLSProxy) {
			p.Clients = &Clients{CA: pattern.CABundle{SecretName: "ca"}, AllowedCommonNames: []string{cn},
				AllowedSubjects: []string{dn}, ForwardIdentity: true}
		})
	}
	auth := func(realm, path string) *AuthProxy {
		return &AuthProxy{Base: proxy().Base, Basic: &Basic{SecretName: "users", Realm: realm}, PublicPaths: []string{path}}
	}
	f.Fuzz(func(t *testing.T, s string) {
		same := func(harmless, c *sidecar.Change, err error) {
			if err == nil {
				require.Equal(t, shape(t, conf(t, harmless)), shape(t, conf(t, c)))
			}
		}
		harmless, err := sidecar.Build(tls("alice", "CN=alice"), probing("/healthz"))
		require.NoError(t, err)
		for _, p := range []*TLSProxy{tls(s, "CN=alice"), tls("alice", s), tls("alice", "CN="+s)} {
			c, err := sidecar.Build(p, probing("/healthz"))
			same(harmless, c, err)
		}
		c, err := sidecar.Build(tls("alice", "CN=alice"), probing(s))
		same(harmless, c, err)
		for _, h := range []corev1.HTTPHeader{{Name: "X-Probe", Value: s}, {Name: "Host", Value: s}, {Name: s, Value: s}} {
			written, err := tls("alice", "CN=alice").Change(probing("/healthz", corev1.HTTPHeader{Name: h.Name, Value: "a"}))
			if err != nil {
				continue // of its name
			}
			if h.Name == "Host" && textproto.TrimString(s) == "" {
				written = harmless // the kubelet sends none
			}
			c, err = tls("alice", "CN=alice").Change(probing("/healthz", h))
			same(written, c, err)
		}

		harmless, err = sidecar.Build(auth("x", "/open"), probing("/healthz"))
		require.NoError(t, err)
		for _, p := range []*AuthProxy{auth(s, "/open"), auth("x", s), auth("x", "/"+s)} {
			c, err := sidecar.Build(p, probing("/healthz"))
			same(harmless, c, err)
		}
	})
}
