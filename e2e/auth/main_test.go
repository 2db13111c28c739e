package auth

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, map[string]string{
		"/usr/sbin/nginx": "nginx-light",
		"/usr/bin/curl":   "curl",
		"/usr/lib/nginx/modules/ngx_http_js_module.so": "libnginx-mod-http-js",
	}, "bin/oauth2-proxy")
}
