package oracle

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rigtest/generate"
)

// combos is how many random pairs of rigtest's are judged.
const combos = 600

// Patterns in whatever combination, on manifests in whatever form: the API server has
// nothing against the output that it hadn't against the input, and neither has Pod
// Security. Each pattern must be among them.
func TestCombos(t *testing.T) {
	var c census
	shown := map[string]int{}
	for seed := range uint64(combos) {
		p := generate.New(1<<32 + seed)
		conf, before := p.Config(), p.Input()
		after, err := outrig(conf, before)
		if err != nil || after == before {
			continue
		}
		t.Run(fmt.Sprint(p.Seed), func(t *testing.T) {
			c.add(t, judge(t, before, after))
			secure(t, conf, before, after)
			read, fs := config.Read([]byte(conf), "config.yaml")
			require.NoError(t, fs.Err())
			for _, e := range read.Spec.Patterns {
				shown[e.Key()]++
			}
		})
	}
	c.log(t)
	for _, key := range config.PatternKeys() {
		require.Greater(t, shown[key], combos/60, "too few show %s", key)
	}
}
