package oracle

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
)

// workloads is how many of them are thought up.
const workloads = 280

// Whatever sound workload meets whatever config: the output is accepted, or there
// is none. Most pairs must come out, or little is shown.
func TestGenerated(t *testing.T) {
	judgeAll(t, generated(workloads))
}

// A run is one of outrigger on manifests that a generator thought up. The name
// says how to have it again.
type run struct {
	name, config, before string
	after                string
	refusal              error // of outrigger; then there is no output
}

// judgeAll judges all runs of a generator: any that yields sound manifests will do.
func judgeAll(t *testing.T, runs iter.Seq[run]) {
	t.Helper()
	var c census
	var all, refused int
	for r := range runs {
		all++
		if r.refusal != nil {
			refused++
		}
		t.Run(r.name, func(t *testing.T) {
			for _, v := range Check(r.before) {
				require.True(t, v.Accepted(), "the generator must yield what the API server accepts: %s\n%s", v, r.before)
			}
			if r.refusal == nil {
				c.add(t, judge(t, r.before, r.after))
				secure(t, r.config, r.before, r.after)
			} else {
				t.Logf("refused by outrigger: %v\nconfig:\n%s\ninput:\n%s", r.refusal, r.config, r.before)
			}
			if t.Failed() {
				t.Log("config:\n" + r.config)
			}
		})
	}
	t.Logf("%d runs, %d of them refused by outrigger", all, refused)
	c.log(t)
	require.Zero(t, c.refused)
	require.Greater(t, all, 0)
	require.LessOrEqual(t, 2*refused, all, "at least half of the runs must give something to judge")
}

// generated yields runs on n workloads. Each has a source of its own, so that one
// of them can be run alone, and the same one comes again.
func generated(n int) iter.Seq[run] {
	return func(yield func(run) bool) {
		for i := range n {
			g := &gen{rand.New(rand.NewPCG(1, uint64(i)))}
			kind := workloadKinds[i%len(workloadKinds)]
			r := run{name: fmt.Sprintf("%03d-%s", i, kind)}
			w := g.workload(kind)
			r.before = encode(append([]any{w.object}, g.services(w)...)...)
			r.config = encode(g.config(w))
			r.after, r.refusal = outrig(r.config, r.before)
			if !yield(r) {
				return
			}
		}
	}
}

// outrig runs outrigger in this process.
func outrig(conf, input string) (string, error) {
	c, fs := config.Read([]byte(conf), "config.yaml")
	if err := fs.Err(); err != nil {
		return "", err
	}
	out := rig.Run([]rig.File{{Text: input}}, c, rig.Options{})
	if err := out.Findings.Err(); err != nil {
		return "", err
	}
	return out.Files()[0].Text, nil
}
