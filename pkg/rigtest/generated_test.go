package rigtest

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rigtest/generate"
)

var (
	pairs = flag.Int("pairs", 100, "how many generated pairs are checked; make test takes 10000")
	seed  = flag.Uint64("seed", 0, "check the generated pair of this seed only")
)

// TestGenerated checks the laws over generated pairs of a config and manifests.
// One that fails is made small and printed.
func TestGenerated(t *testing.T) {
	if *seed != 0 {
		pair(t, *seed)
		return
	}
	parts := runtime.GOMAXPROCS(0)
	var worked atomic.Int64
	var lock sync.Mutex
	shown := map[string]int{} // in how many pairs that work a pattern is
	t.Run("pairs", func(t *testing.T) {
		for part := range parts {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				for n := part; n < *pairs; n += parts {
					keys := pair(t, uint64(n)+1)
					if keys == nil {
						continue
					}
					worked.Add(1)
					lock.Lock()
					for _, key := range keys {
						shown[key]++
					}
					lock.Unlock()
				}
			})
		}
	})
	t.Logf("%d of %d pairs work, the others are refused; patterns in them: %v", worked.Load(), *pairs, shown)
	require.Greater(t, worked.Load(), int64(*pairs)/2, "most pairs must work, else they show little")
	for _, key := range config.PatternKeys() {
		require.GreaterOrEqual(t, shown[key], *pairs/400, "pattern %s", key)
	}
}

// FuzzGenerated does the same for seeds that nobody has tried yet.
func FuzzGenerated(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { pair(t, seed|1<<63) }) // make test has the small ones
}

// pair checks the laws over the pair of a seed, and gives the patterns in it if it's
// one that works.
func pair(t *testing.T, seed uint64) (keys []string) {
	t.Helper()
	p := generate.New(seed)
	said := try(func(t T) { keys = lawsOf(t, p) })
	if said == "" {
		return keys
	}
	law := lawOf(said)
	p.Shrink(func() bool { return lawOf(try(func(t T) { lawsOf(t, p) })) == law })
	said = try(func(t T) { lawsOf(t, p) })
	require.Fail(t, fmt.Sprintf("seed %d: %s", seed, law), "%s\n--- config\n%s--- input\n%s---\nagain: go test ./pkg/rigtest -run Generated -seed %d",
		said, p.Config(), p.Input(), seed)
	return nil
}

// lawsOf checks all laws over a pair that works, and law 6 over one that doesn't.
func lawsOf(t T, p *generate.Pair) (keys []string) {
	c := Case{Config: p.Config(), Input: p.Input(), InputName: "input.yaml", Untouched: p.Untouched(), Secrets: []string{generate.Secret}, Sample: p.Seed, done: newMemory()}
	if c.run(t, c.Config, c.Input).Findings.Failed() {
		AllOrNothing(t, c)
		return nil
	}
	Laws(t, c)
	for _, e := range c.spec(t, c.Config).Patterns {
		if !slices.Contains(keys, e.Key()) {
			keys = append(keys, e.Key())
		}
	}
	return keys
}
