package generate

import "math/rand/v2"

// random draws from the seed only.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random {
	return random{rand.New(rand.NewPCG(seed, 0x7269676765720001))}
}

// one in n.
func (r random) one(n int) bool { return r.IntN(n) == 0 }

// opt is v one time in n, else nil, which leaves an entry out.
func (r random) opt(n int, v any) any {
	if r.one(n) {
		return v
	}
	return nil
}

func pick[T any](r random, from ...T) T { return from[r.IntN(len(from))] }
