package proxy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

const debianImage = "docker.io/library/nginx:1.22.1" // what Debian 12 has

// conf is the nginx.conf of a Change.
func conf(t testing.TB, c *sidecar.Change) string {
	t.Helper()
	var cm corev1.ConfigMap
	require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &cm))
	return cm.Data[confKey]
}

func runs(image string) func(*sidecar.Workload) {
	return func(w *sidecar.Workload) { w.Override = &corev1.Container{Image: image} }
}

func TestNginxConf(t *testing.T) {
	for _, c := range []struct {
		name   string
		edit   func(*TLSProxy)
		image  string
		has    []string
		hasNot []string
	}{
		{"default", func(*TLSProxy) {}, "",
			[]string{"listen 9200 ssl;", "listen [::]:9200 ssl;", "http2 on;", "ssl_certificate_cache ",
				"ssl_protocols TLSv1.2 TLSv1.3;", "ssl_ciphers ", "access_log off;", "proxy_pass http://127.0.0.1:9201;"},
			[]string{"upstream {", "497", "ssl_ecdh_curve X", "log_format"}},
		{"debian", func(*TLSProxy) {}, debianImage,
			[]string{"listen 9200 ssl http2;", "listen [::]:9200 ssl http2;"}, []string{"http2 on", "ssl_certificate_cache"}},
		{"between", func(*TLSProxy) {}, "nginx:1.25.1",
			[]string{"listen 9200 ssl;", "http2 on;"}, []string{"ssl_certificate_cache"}},
		{"modern", func(p *TLSProxy) {
			p.TLSProfile = Modern
		}, debianImage, []string{"ssl_protocols TLSv1.3;", "guideline 6.0, modern."}, []string{"TLSv1.2", "ssl_ciphers"}},
		{"redirect", func(p *TLSProxy) {
			p.PlainHTTP = Redirect
		}, debianImage, []string{"error_page 497 =308 https://$forwarded_host$request_uri;"}, nil},
		{"reject", func(p *TLSProxy) { p.PlainHTTP = Reject }, debianImage, nil, []string{"497"}},
		{"log", func(p *TLSProxy) {
			p.AccessLog = JSONAccessLog
		}, debianImage, []string{"access_log /dev/stdout json;", "log_format json escape=json"}, []string{"access_log off"}},
		{"IPv4", func(p *TLSProxy) {
			p.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol}
		}, debianImage, []string{"listen 9200 "}, []string{"[::]"}},
		{"IPv6", func(p *TLSProxy) {
			p.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol}
		}, debianImage, []string{"listen [::]:9200 "}, []string{"listen 9200"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := conf(t, change(t, proxy(c.edit), patterntest.NewElasticsearch(runs(c.image))))
			for _, s := range c.has {
				require.Contains(t, text, s)
			}
			for _, s := range c.hasNot {
				require.NotContains(t, text, s)
			}
			for line := range strings.Lines(text) {
				require.Equal(t, strings.TrimRight(line, " \t\n"), strings.TrimSuffix(line, "\n"),
					"kustomize quotes a block with trailing blanks")
				require.NotContains(t, line, "\t")
			}
			require.True(t, strings.HasSuffix(text, "}\n"))
			require.NotContains(t, text, "\n\n\n")
			if c.image == debianImage {
				testConf(t, text)
			}
		})
	}
}

func TestWorkers(t *testing.T) {
	for limit, want := range map[string]int{"": 2, "0": 2, "10m": 1, "1": 1, "1100m": 2, "3": 3, "16": 4} {
		w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
			if w.Override = new(corev1.Container); limit != "" {
				w.Override.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(limit)}
			}
		})
		require.Contains(t, conf(t, change(t, proxy(), w)), fmt.Sprintf("worker_processes %d;", want), limit)
	}
	guaranteed := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.App.Resources.Limits = pattern.ResourceList("1", "1Gi")
	})
	require.Contains(t, conf(t, change(t, proxy(), guaranteed)), "worker_processes 1;")
}

// What the memory limit holds: without one, or with much, no more than is of use.
func TestConnections(t *testing.T) {
	for _, c := range []struct {
		memory, cpu string
		want        int
	}{
		{"", "", 2293}, {"128Mi", "1", 4751}, {"64Mi", "", 983}, {"16Mi", "", 256}, {"512Mi", "", 10158}, {"8Gi", "4", 16384},
		{"0", "", 4096},
	} {
		w := patterntest.NewElasticsearch(func(w *sidecar.Workload) {
			limits := corev1.ResourceList{}
			for name, text := range map[corev1.ResourceName]string{corev1.ResourceMemory: c.memory, corev1.ResourceCPU: c.cpu} {
				if text != "" {
					limits[name] = resource.MustParse(text)
				}
			}
			w.Override = &corev1.Container{Resources: corev1.ResourceRequirements{Limits: limits}}
		})
		text := conf(t, change(t, proxy(), w))
		require.Contains(t, text, fmt.Sprintf("worker_connections %d;", c.want), "%s %s", c.memory, c.cpu)
		require.Contains(t, text, fmt.Sprintf("worker_rlimit_nofile %d;", c.want+1024))
	}
}

func TestNginxRelease(t *testing.T) {
	unknown := pattern.Release{pattern.NewestPart, pattern.NewestPart, pattern.NewestPart}
	for ref, want := range map[string]pattern.Release{
		pattern.NginxImage.Ref:                          {1, 30, 6},
		debianImage:                                     {1, 22, 1},
		"nginx:1.27":                                    {1, 27, pattern.NewestPart},
		"nginx:1.22.1-alpine@sha256:0123":               {1, 22, 1},
		"localhost:5000/proxy/nginx-fips:v1.24.0_2":     {1, 24, 0},
		"openresty/openresty:1.21.4.1-alpine":           {1, 21, 4},
		"nginx":                                         unknown,
		"nginx:1":                                       unknown,
		"nginx:stable-alpine":                           unknown,
		"nginx@sha256:0123":                             unknown,
		"localhost:1.2/nginx":                           unknown,
		"registry.example.com/platform/tls:1.2.3":       unknown, // its own numbers
		"registry.example.com/nginx/platform-tls:1.2.3": unknown,
		"nginx:999999.1.1":                              unknown,
	} {
		require.Equal(t, want, nginxRelease(ref), ref)
	}
	require.True(t, pattern.Release{1, 25, 1}.AtLeast(1, 25, 1))
	require.True(t, pattern.Release{2, 0, 0}.AtLeast(1, 25, 1))
	require.False(t, pattern.Release{1, 25, 0}.AtLeast(1, 25, 1))
}

func TestNginxConfPanicsOnABrokenTemplate(t *testing.T) {
	whole := nginxTemplates
	defer func() { nginxTemplates = whole }()
	nginxTemplates = func() *template.Template {
		return template.Must(template.New("nginx.tmpl").Parse("{{.NoSuchField}}"))
	}
	require.Panics(t, func() { _ = (&nginxConf{}).String() })
}
