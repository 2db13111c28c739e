package oracle

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/manifest"
	"github.com/outrigger-dev/outrigger/pkg/rigtest/generate"
)

// combos is how many random pairs of rigtest's are judged.
const combos = 600

// Patterns in whatever combination, on manifests of whatever kind: the API server has
// nothing against the output that it hadn't against the input, and neither has Pod
// Security. Each pattern must be among them.
func TestCombos(t *testing.T) {
	var c census
	shown := map[string]int{}
	for seed := range uint64(combos) {
		p := generate.New(1<<32 + seed)
		conf, before := p.Config(), plainly(t, p.Input())
		if seed%2 == 0 { // most of the others aren't restricted
			hardened, err := hardenPods(before)
			require.NoError(t, err)
			before = hardened
		}
		after, err := outrig(conf, before)
		if err != nil || after == before {
			continue
		}
		t.Run(fmt.Sprint(p.Seed), func(t *testing.T) {
			c.add(t, judge(t, before, after))
			secure(t, conf, before, after)
			read, fs := config.Read([]byte(conf), "config.yaml")
			require.NoError(t, fs.Err())
			if t.Failed() {
				t.Log("config:\n" + conf)
			}
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

// plainly writes manifests in the one way that all readers take alike: the API server's
// takes words as y and n for others than kustomize's does.
func plainly(t *testing.T, manifests string) string {
	t.Helper()
	if all, ok := manifest.SplitJSON(manifests); ok {
		manifests = strings.Join(all, "\n---\n")
	}
	var lines []string
	for line := range strings.Lines(strings.TrimPrefix(manifests, "\ufeff")) {
		if !strings.HasPrefix(line, "%YAML ") { // yaml.v3 takes 1.1 and 1.2 alike, and refuses to be told
			lines = append(lines, line)
		}
	}
	var objects []any
	for d := yaml.NewDecoder(strings.NewReader(strings.Join(lines, ""))); ; {
		var object any
		err := d.Decode(&object)
		if errors.Is(err, io.EOF) {
			return encode(objects...)
		}
		require.NoError(t, err)
		if object != nil {
			objects = append(objects, object)
		}
	}
}
