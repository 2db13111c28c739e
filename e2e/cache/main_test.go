package cache

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) {
	pod.Main(m, "/usr/bin/redis-server", "/usr/bin/memcached", "/usr/bin/busybox")
}
