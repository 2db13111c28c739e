package proxy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/patterntest"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// wish is all that a user can write, and what a manifest can hold, in a fuzzer's
// types.
type wish struct {
	port, appPort                int32
	secret, envName, value, arg  string
	profile, plain, log, family  string
	issuer, dns, duration        string
	workload, sidecar, namespace string
	image                        string
	drain, grace                 int64
	cpu                          int64
	beside                       bool
}

func (v wish) proxy() *TLSProxy {
	p := &TLSProxy{PlainHTTP: PlainHTTP(v.plain), Base: Base{
		Port: v.port, SecretName: v.secret,
		Rebind:     &Rebind{Port: v.appPort, Env: map[string]string{v.envName: v.value}, Args: []string{v.arg}},
		TLSProfile: TLSProfile(v.profile), AccessLog: AccessLog(v.log),
		DrainSeconds: &v.drain,
	}}
	if v.family != "" {
		p.IPFamilies = []corev1.IPFamily{corev1.IPFamily(v.family)}
	}
	if v.issuer != "" {
		p.Certificate = &pattern.Certificate{IssuerRef: pattern.IssuerRef{Name: v.issuer, Kind: v.value},
			Duration: v.duration}
		if v.dns != "" {
			p.Certificate.DNSNames = []string{v.dns}
		}
	}
	return p
}

func (v wish) view() *sidecar.Workload {
	return patterntest.NewElasticsearch(func(w *sidecar.Workload) {
		w.Ref.Name, w.Name, w.Ref.Namespace = v.workload, v.sidecar, v.namespace
		w.App.Ports[0].ContainerPort = v.port
		w.App.Ports[0].Name = v.value
		w.Services[0].Ref.Name = v.workload
		w.Pod.Spec.TerminationGracePeriodSeconds = &v.grace
		w.Override = &corev1.Container{Image: v.image}
		w.Override.Resources.Limits = corev1.ResourceList{
			corev1.ResourceCPU: *resource.NewMilliQuantity(v.cpu, resource.DecimalSI)}
		if v.beside {
			w.Placement = sidecar.Beside
		}
	})
}

// utf8Regex matches what RFC 3629 calls UTF-8.
const utf8Regex = `~^(?:[\x00-\x7F]|[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|` +
	`[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}|\xED[\x80-\x9F][\x80-\xBF]|\xF0[\x90-\xBF][\x80-\xBF]{2}|` +
	`[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2})*+\z`

// directives are those that nginx.conf must have, no more and no less.
func (v wish) directives() []string {
	version := nginxRelease(cmp.Or(v.image, pattern.NginxImage.Ref))
	options, out := " ssl", []string{}
	add := func(lines ...string) { out = append(out, lines...) }
	addIf := func(yes bool, lines ...string) {
		if yes {
			add(lines...)
		}
	}
	if !version.AtLeast(1, 25, 1) {
		options = " ssl http2"
	}
	workers := min(max((v.cpu+999)/1000, 1), 4)
	if v.cpu == 0 {
		workers = 2
	}
	connections := map[int64]int{1: 4751, 2: 2293, 3: 1474, 4: 1064}[workers] // in 128 MiB
	delay := map[int64]int64{0: 0, 1: 0, 2: 1}[min(v.drain, 2)]
	if v.drain > 2 {
		delay = v.drain - 2
	} else if v.drain == 1 && v.beside {
		delay = 1
	}
	grace := v.grace
	if v.drain > 0 { // it's raised
		grace = max(grace, v.drain+10)
	}
	add(fmt.Sprintf("worker_processes %d", workers), fmt.Sprintf("worker_shutdown_timeout %ds", max(grace-delay-2, 1)),
		"pid /tmp/nginx.pid", "error_log stderr warn", fmt.Sprintf("worker_rlimit_nofile %d", connections+1024),
		"events", fmt.Sprintf("events worker_connections %d", connections), "http",
		"http server_tokens off", "http underscores_in_headers off", "http ignore_invalid_headers on")
	for _, name := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		add("http " + name + "_temp_path /tmp/" + name)
	}
	for _, name := range strings.Fields("http_host http_user_agent http_x_forwarded_for request_method request_uri") {
		addIf(v.log == "json", "http map $"+name+" $utf8_"+name, "http map default (not UTF-8)", "http map  ",
			"http map "+utf8Regex+" $"+name)
	}
	addIf(v.log == "json", "http log_format json", "http access_log /dev/stdout json")
	addIf(v.log != "json", "http access_log off")
	add("http map  $certs", "http map default /etc/outrigger/certs")
	addIf(version.AtLeast(1, 27, 4), "http ssl_certificate_cache max=4 inactive=60s valid=10s")
	addIf(v.profile == "modern", "http ssl_protocols TLSv1.3")
	addIf(v.profile != "modern", "http ssl_protocols TLSv1.2 TLSv1.3",
		"http ssl_ciphers "+
			"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"+
			"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305")
	add("http ssl_prefer_server_ciphers off", "http ssl_session_cache shared:tls:4m", "http ssl_session_timeout 1h",
		"http ssl_session_tickets off",
		"http map $request_method $http_upgrade $upgrade", "http map default ", `http map ~^GET (?i:websocket)\z websocket`,
		"http map $upgrade $connection_upgrade", "http map default ", "http map websocket upgrade",
		"http map $http_host $forwarded_host", "http map default $http_host", "http map  localhost")
	add("http map $leaving $server_protocol $upgrade $leave", "http map default ", "http map 1 HTTP/1.1  close",
		"http server")
	addIf(v.family != "IPv6", fmt.Sprintf("http server listen %d%s", v.port, options))
	addIf(v.family != "IPv4", fmt.Sprintf("http server listen [::]:%d%s", v.port, options))
	addIf(version.AtLeast(1, 25, 1), "http server http2 on")
	add("http server ssl_certificate $certs/tls.crt", "http server ssl_certificate_key $certs/tls.key")
	addIf(v.plain == "redirect", "http server error_page 497 =308 https://$forwarded_host$request_uri")
	add("http server client_max_body_size 0", "http server client_body_timeout 1h", "http server send_timeout 1h",
		"http server large_client_header_buffers 4 32k", "http server keepalive_timeout 650s",
		"http server keepalive_requests 1000000", "http server keepalive_time 24h")
	kept := v.drain - delay
	addIf(delay > 0 && kept > 0 && version.AtLeast(1, 27, 4), fmt.Sprintf("http server keepalive_min_timeout %ds", kept))
	add("http server set $leaving ", "http server if (!-d /tmp/scgi)", "http server if set $leaving 1",
		"http server add_header Connection $leave always", "http server location /")
	for _, line := range []string{
		fmt.Sprintf("proxy_pass http://127.0.0.1:%d", v.appPort), "proxy_http_version 1.1",
		"proxy_set_header Host $forwarded_host",
		"proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for", "proxy_set_header X-Forwarded-Proto https",
		"proxy_set_header Upgrade $upgrade", "proxy_set_header Connection $connection_upgrade",
		"proxy_set_header HTTP2-Settings ",
		"proxy_request_buffering off", "proxy_buffering off", "proxy_buffer_size 16k", "proxy_buffers 8 16k",
		"proxy_connect_timeout 5s", "proxy_send_timeout 1h", "proxy_read_timeout 1h",
		"absolute_redirect off", "proxy_redirect default", "proxy_redirect http://$http_host/ https://$http_host/",
		"proxy_pass_header Date", "proxy_pass_header Server", "proxy_pass_header X-Accel-Buffering",
		"proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset",
	} {
		add("http server location " + line)
	}
	return out
}

// Whatever a user writes and the manifests hold: either there are findings, or
// nginx.conf has the directives that it must have and no others.
func FuzzTLSProxy(f *testing.F) {
	add := func(v wish) {
		f.Add(v.port, v.appPort, v.secret, v.envName, v.value, v.arg, v.profile, v.plain, v.log, v.family, v.issuer, v.dns,
			v.duration,
			v.workload, v.sidecar, v.namespace, v.image, v.drain, v.grace, v.cpu, v.beside)
	}
	fine := wish{port: 9200, appPort: 9201, secret: "tls", envName: "HOST", value: "127.0.0.1", arg: "--port=9201",
		workload: "search", sidecar: "tls-proxy", namespace: "prod", drain: 5, grace: 30}
	const evil = "x;\n}\nserver { listen 1; }\n# '\" {{.}}"
	for _, edit := range []func(*wish){
		func(*wish) {},
		func(v *wish) { v.image = debianImage },
		func(v *wish) {
			v.image, v.profile, v.plain, v.log, v.family = "nginx:1.26", "modern", "redirect", "json", "IPv4"
		},
		func(v *wish) {
			v.profile, v.plain, v.log, v.family, v.cpu = "intermediate", "reject", "none", "IPv6", 2500
		},
		func(v *wish) { v.secret, v.issuer, v.duration = "", "ca", "24h" },
		func(v *wish) { v.beside, v.drain, v.grace = true, 60, 900 },
		func(v *wish) { v.drain, v.cpu = 2, 99000 },
		func(v *wish) { v.drain = 1 },
		func(v *wish) { v.drain, v.grace = 0, 0 },
		func(v *wish) { v.port, v.appPort = 443, 8443 },
		func(v *wish) {
			v.workload, v.sidecar, v.namespace, v.value, v.arg, v.image = evil, evil, evil, evil, evil, evil
		},
		func(v *wish) { v.image = "nginx:1.22.1" + evil },
		func(v *wish) { v.profile = "modern" + evil },
		func(v *wish) { v.plain, v.log, v.family = evil, evil, evil },
		func(v *wish) { v.secret, v.envName = evil, evil },
		func(v *wish) { v.issuer, v.dns, v.duration = evil, evil, evil },
		func(v *wish) { v.port, v.appPort, v.drain, v.grace = -1, 70000, -9, -9 },
	} {
		v := fine
		edit(&v)
		add(v)
	}
	var asked atomic.Int32
	f.Fuzz(func(t *testing.T, port, appPort int32, secret, envName, value, arg, profile, plain, log, family, issuer, dns,
		duration,
		workload, name, namespace, image string, drain, grace, cpu int64, beside bool,
	) {
		v := wish{port, appPort, secret, envName, value, arg, profile, plain, log, family, issuer, dns, duration,
			workload, name, namespace, image, drain % 1e6, grace % 1e6, max(cpu%1e6, 0), beside}
		p, w := v.proxy(), v.view()
		c, err := sidecar.Build(p, w)
		if err != nil {
			var fs sidecar.Findings
			require.True(t, errors.As(err, &fs) && fs.Failed(), "%v", err)
			return
		}
		text := conf(t, c)
		got, err := flatten(text)
		require.NoError(t, err)
		for i, line := range got {
			if strings.HasPrefix(line, "http log_format json ") {
				got[i] = "http log_format json" // its one long word is ours
			}
		}
		require.Equal(t, v.directives(), got)
		for _, o := range c.Objects {
			require.True(t, json.Valid(o.RawMessage))
		}
		if asked.Add(1) <= 16 { // starting nginx takes time
			v.image = debianImage
			c, err := sidecar.Build(v.proxy(), v.view())
			require.NoError(t, err)
			testConf(t, conf(t, c))
		}
	})
}
