package auth

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, "/usr/sbin/nginx", "/usr/bin/curl", "/usr/lib/nginx/modules/ngx_http_js_module.so", "bin/oauth2-proxy")
}
