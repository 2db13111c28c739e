package nginx

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, map[string]string{
		"/usr/sbin/nginx": "nginx-light libnginx-mod-stream",
	})
}
