package otel

import (
	"testing"

	"github.com/outrigger-dev/outrigger/e2e/pod"
)

func TestMain(m *testing.M) { pod.Main(m, "bin/otelcol") }
