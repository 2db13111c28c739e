package vault

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) { pod.Main(m, "/usr/bin/busybox", "bin/vault") }
