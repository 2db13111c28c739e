package auth

import (
	"os"
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/made"
	"github.com/outrigger-dev/outrigger/e2e/pod"
)

const programs = "OUTRIGGER_E2E_PROGRAMS" // the folder of oauth2-proxy

func TestMain(m *testing.M) {
	pod.Main(m, func() error {
		for program, install := range map[string]string{"/usr/sbin/nginx": "nginx-light", "/usr/bin/curl": "curl",
			"/usr/lib/nginx/modules/ngx_http_js_module.so": "libnginx-mod-http-js"} {
			if err := pod.Needs(program, install); err != nil {
				return err
			}
		}
		bin, err := made.Make("bin/oauth2-proxy")
		if err != nil {
			return err
		}
		return os.Setenv(programs, bin)
	})
}
