package rigtest

import (
	"flag"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

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
	t.Run("pairs", func(t *testing.T) {
		for part := range parts {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				for n := part; n < *pairs; n += parts {
					if pair(t, uint64(n)+1) {
						worked.Add(1)
					}
				}
			})
		}
	})
	t.Logf("%d of %d pairs work, the others are refused", worked.Load(), *pairs)
	require.Greater(t, worked.Load(), int64(*pairs)/2, "most pairs must work, else they show little")
}

// FuzzGenerated does the same for seeds that nobody has tried yet.
func FuzzGenerated(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { pair(t, seed|1<<63) }) // make test has the small ones
}

// pair checks the laws over the pair of a seed, and reports whether it's one that
// works.
func pair(t *testing.T, seed uint64) (works bool) {
	t.Helper()
	p := generate.New(seed)
	said := try(func(t T) { works = lawsOf(t, p) })
	if said == "" {
		return works
	}
	law := lawOf(said)
	p.Shrink(func() bool { return lawOf(try(func(t T) { lawsOf(t, p) })) == law })
	said = try(func(t T) { lawsOf(t, p) })
	require.Fail(t, fmt.Sprintf("seed %d: %s", seed, law), "%s\n--- config\n%s--- input\n%s---\nagain: go test ./pkg/rigtest -run Generated -seed %d",
		said, p.Config(), p.Input(), seed)
	return false
}

// lawsOf checks all laws over a pair that works, and law 6 over one that doesn't.
func lawsOf(t T, p *generate.Pair) (works bool) {
	c := Case{Config: p.Config(), Input: p.Input(), InputName: "input.yaml", Untouched: p.Untouched(), Secrets: []string{generate.Secret}, Sample: p.Seed, done: newMemory()}
	if c.run(t, c.Config, c.Input).Findings.Failed() {
		AllOrNothing(t, c)
		return false
	}
	Laws(t, c)
	return true
}
