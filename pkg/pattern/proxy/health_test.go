package proxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// asked has a readiness probe, and a liveness probe of the same path without headers.
func asked(get corev1.HTTPGetAction) *sidecar.Workload {
	get.Path, get.Port = "/healthz", intstr.FromInt32(9200)
	plain := get
	plain.HTTPHeaders = nil
	return patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.App.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &plain}}
		w.App.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &get}}
	})
}

func guarded() *TLSProxy {
	return proxy(func(p *TLSProxy) { p.Clients = &Clients{CA: pattern.CABundle{SecretName: "ca"}} })
}

// Of a header that a probe writes, its very value is passed on; of one that the kubelet
// writes by itself, what that writes.
func TestHealthHeaders(t *testing.T) {
	c := change(t, guarded(), asked(corev1.HTTPGetAction{HTTPHeaders: []corev1.HTTPHeader{
		{Name: "x-probe", Value: `"$a" \`}, {Name: "Host", Value: "search.example"}, {Name: "X-Probe", Value: "b.c+"},
		{Name: "Remote-User", Value: "root"}, {Name: "Connection", Value: "x"}, {Name: "X_Odd", Value: "x"},
		{Name: "X-Forwarded-For", Value: "x"},
	}}))
	got, err := flatten(conf(t, c))
	require.NoError(t, err)
	from := "http map $request\n$http_host\n$http_x_probe $probe_16000"
	require.Contains(t, got, from)
	i := 0
	for got[i] != from {
		i++
	}
	require.Equal(t, []string{
		"http map default ",
		`http map ~^(?:GET|HEAD) /healthz HTTP/1\.1\n(?<probe_16000_1>search[.]example)\n(?<probe_16000_2>\x22\x24a\x22 ` +
			`\x5c(?:[,;] b[.]c[+])?)\z /healthz`,
		`http map ~^(?:GET|HEAD) /healthz HTTP/1\.1\n[^\n]*\n[^\n]*\z /healthz`,
		"http map $probe_16000_1 $probe_16000_host",
		"http map default $probe_16000_1",
		"http map  $pod_address:9200",
	}, got[i+1:i+7])
	var set []string
	for _, line := range got[i:] {
		if name, is := strings.CutPrefix(line, "http server location proxy_set_header "); is {
			set = append(set, name)
		}
	}
	require.Equal(t, []string{"Host $probe_16000_host", "User-Agent $kubelet_agent", "Accept */*",
		"X-Probe $probe_16000_2",
		"X-Forwarded-For $remote_addr", "X-Forwarded-Proto https", "Connection ", "Content-Length "}, set)
}

func TestHealthHeadersFindings(t *testing.T) {
	const hint = "; remove them from the probe's httpHeaders, or use an exec probe"
	for want, h := range map[string]corev1.HTTPHeader{
		"the header X-Aaaaaaaaaaaaaaaaaa... of a probe has a name of 65 characters, and nginx accepts 64 here": {
			Name: "X-" + strings.Repeat("a", 63), Value: "s3cret"},
		"the headers of a probe are too long for nginx.conf": {Name: "X-Probe",
			Value: strings.Repeat("s3cret", 700)},
		"the headers of the probes have too many names for nginx.conf":     {Name: "X-" + strings.Repeat("a", 4000)},
		"the Host of a probe has characters that the kubelet doesn't send": {Name: "host", Value: "s\u00e9cret.example"},
	} {
		fs := patterntest.FindingLines(t, guarded(), asked(corev1.HTTPGetAction{HTTPHeaders: []corev1.HTTPHeader{h}}))
		require.Contains(t, fs, "error probe-headers: healthPort: "+want+hint)
	}
	// The kubelet asks another host then.
	fs := patterntest.FindingLines(t, guarded(),
		asked(corev1.HTTPGetAction{Host: "a.example", HTTPHeaders: []corev1.HTTPHeader{{Name: "Host", Value: "a b"}}}))
	require.Empty(t, fs)
}
