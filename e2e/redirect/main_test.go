package redirect

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, "/usr/sbin/nginx", "/usr/sbin/iptables-legacy", "/usr/bin/curl", "/usr/bin/busybox")
}
