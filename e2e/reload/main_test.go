package reload

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, map[string]string{
		"/usr/bin/busybox": "busybox-static",
		"/usr/bin/curl":    "curl",
		"/usr/sbin/nginx":  "nginx-light",
	})
}
