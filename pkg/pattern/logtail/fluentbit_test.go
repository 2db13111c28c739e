package logtail

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// An output that is away for minutes costs nothing: each retries, unless the user has set
// another limit, and retries don't drift apart.
func TestFluentBitRetries(t *testing.T) {
	p := logTail(func(p *LogTail) {
		p.FluentBit = &FluentBit{}
		require.NoError(t, json.Unmarshal([]byte(`[{"name": "loki"}, {"name": "es", "Retry_Limit": 5},
			{"name": "http", "retry_limit": "no_limits"}]`), &p.FluentBit.Outputs))
		require.NoError(t, json.Unmarshal([]byte(`[{"name": "grep", "exclude": "level DEBUG"}]`), &p.FluentBit.Filters))
	})
	c, err := sidecar.Build(p, logPod())
	require.NoError(t, err)
	require.Len(t, c.Objects, 1)
	var object struct{ Data map[string]string }
	require.NoError(t, json.Unmarshal(c.Objects[0].RawMessage, &object))
	var conf struct {
		Service  map[string]string
		Pipeline struct{ Filters, Outputs []map[string]any }
	}
	require.NoError(t, json.Unmarshal([]byte(object.Data[fluentKey]), &conf))
	require.Equal(t, "60", conf.Service["scheduler.cap"])
	require.Equal(t, []map[string]any{
		{"name": "loki", "match": "*", "retry_limit": "30"},
		{"name": "es", "match": "*", "Retry_Limit": 5.0},
		{"name": "http", "match": "*", "retry_limit": "no_limits"},
	}, conf.Pipeline.Outputs)
	require.NotContains(t, conf.Pipeline.Filters[0], "retry_limit")

	mean := 0.0 // seconds; fluent-bit adds one to each that it draws
	for n := 1; n <= 30; n++ {
		mean += (5+min(60, 5*math.Pow(2, float64(n))))/2 + 1
	}
	require.InDelta(t, 15*60, mean, 60, "a quarter of an hour")
}
