package rigtest

import (
	"flag"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/rigtest/generate"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

var (
	pairs = flag.Int("pairs", 100, "how many generated pairs are checked; make test takes 10000")
	first = flag.Uint64("first", 1, "the seed of the first generated pair")
	seed  = flag.Uint64("seed", 0, "check the generated pair of this seed only")
)

// TestGenerated checks the laws over generated pairs of a config and manifests.
// One that fails is made small and printed.
func TestGenerated(t *testing.T) {
	if *seed != 0 {
		pair(t, *seed)
		return
	}
	for _, key := range config.PatternKeys() {
		require.Contains(t, generate.PatternKeys(), key,
			"no generated config has %[1]s: write pkg/rigtest/generate/%[2]s.go, and a row of makers in entries.go",
			key, strings.ToLower(key))
	}
	parts := runtime.GOMAXPROCS(0)
	var worked tally
	t.Run("pairs", func(t *testing.T) {
		for part := range parts {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				for n := part; n < *pairs; n += parts {
					if asked := pair(t, *first+uint64(n)); asked != nil {
						worked.add(asked)
					}
				}
			})
		}
	})
	t.Logf("%d of %d pairs work, the others are refused; %s", worked.all, *pairs, &worked)
	require.Greater(t, worked.all, *pairs*2/3, "most pairs must work, else they show little")
	for _, key := range config.PatternKeys() {
		require.Greater(t, worked.keys[key], *pairs/60, "too few pairs with %s work", key)
	}
	for n := 1; n <= most; n++ {
		require.Greater(t, worked.sizes[n], *pairs/60, "too few pairs with %d entries work", n)
	}
}

// most is how many entries generated configs have at most.
const most = 6

// A tally counts what the configs of working pairs have.
type tally struct {
	sync.Mutex
	all   int
	keys  map[string]int // of patterns
	sizes map[int]int    // numbers of entries
}

func (w *tally) add(asked []string) {
	w.Lock()
	defer w.Unlock()
	if w.keys == nil {
		w.keys, w.sizes = map[string]int{}, map[int]int{}
	}
	w.all++
	w.sizes[len(asked)]++
	slices.Sort(asked)
	for _, key := range slices.Compact(asked) {
		w.keys[key]++
	}
}

// String is "by entries: 1 470, 2 480, ...; exporter 320, ...".
func (w *tally) String() string {
	var b strings.Builder
	b.WriteString("by entries:")
	for _, n := range slices.Sorted(maps.Keys(w.sizes)) {
		fmt.Fprintf(&b, " %d %d,", n, w.sizes[n])
	}
	b.WriteString(" by patterns:")
	for _, key := range slices.Sorted(maps.Keys(w.keys)) {
		fmt.Fprintf(&b, " %s %d,", key, w.keys[key])
	}
	return strings.TrimSuffix(b.String(), ",")
}

// FuzzGenerated does the same for seeds that nobody has tried yet.
func FuzzGenerated(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { pair(t, seed|1<<63) }) // make test has the small ones
}

// pair checks the laws over the pair of a seed. It gives the patterns' keys of one
// that works, and nil for one that is refused.
func pair(t *testing.T, seed uint64) (asked []string) {
	t.Helper()
	p := generate.New(seed)
	said := try(func(t T) { asked = lawsOf(t, p) })
	if said == "" {
		return asked
	}
	law := lawOf(said)
	p.Shrink(func() bool { return lawOf(try(func(t T) { lawsOf(t, p) })) == law })
	said = try(func(t T) { lawsOf(t, p) })
	require.Fail(t, fmt.Sprintf("seed %d: %s", seed, law),
		"%s\n--- config\n%s--- input\n%s---\nagain: go test ./pkg/rigtest -run Generated -seed %d",
		said, p.Config(), p.Input(), seed)
	return nil
}

// lawsOf checks all laws over a pair that works, and law 6 over one that doesn't. It
// gives the patterns' keys.
func lawsOf(t T, p *generate.Pair) (asked []string) {
	c := Case{
		Config:    p.Config(),
		Input:     p.Input(),
		InputName: "input.yaml",
		Untouched: p.Untouched(),
		Secrets:   []string{generate.Secret},
		Sample:    p.Seed,
		done:      newMemory(),
	}
	if fs := c.runConfig(t, c.Config, c.Input).Findings; fs.Failed() {
		require.NotContains(t, fs.Err().Error(), "text in brackets can't be edited", "law 6: brackets become broken YAML")
		AllOrNothing(t, c)
		return nil
	}
	always := c
	always.Config = recordAlways(t, c.Config)
	if out := c.runConfig(t, always.Config, c.Input); lacksMountedVolume(out) {
		AllOrNothing(t, always)
		return nil
	}
	Laws(t, c)
	for _, e := range c.readSpec(t, c.Config).Patterns {
		asked = append(asked, e.Key())
	}
	return asked
}

// lacksMountedVolume reports whether a record is refused because a sidecar brings a volume that
// the manifest mounts and doesn't have.
func lacksMountedVolume(out rig.Output) bool {
	errs := 0
	for _, f := range out.Findings {
		switch {
		case f.Code == "mounted-before":
			errs++
		case f.Severity == sidecar.Error:
			return false
		}
	}
	return errs > 0
}
