package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"sigs.k8s.io/yaml"
)

// gen thinks up workloads and configs that differ in what outrigger looks at.
type gen struct{ *rand.Rand }

// m is a mapping of a manifest.
type m = map[string]any

// sometimes is true once in n times.
func (g *gen) sometimes(n int) bool { return g.IntN(n) == 0 }

// one is one of those.
func one[T any](g *gen, of ...T) T { return of[g.IntN(len(of))] }

// list makes a list of n entries.
func list(n int, entry func(i int) any) []any {
	l := make([]any, n)
	for i := range l {
		l[i] = entry(i)
	}
	return l
}

// with sets fields of a mapping, those without a value left out.
func with(to m, fields ...any) m {
	for i := 0; i < len(fields); i += 2 {
		switch v := fields[i+1].(type) {
		case nil:
		case []any:
			if len(v) > 0 {
				to[fields[i].(string)] = v
			}
		case m:
			if v != nil {
				to[fields[i].(string)] = v
			}
		default:
			to[fields[i].(string)] = v
		}
	}
	return to
}

// encode writes objects as a stream.
func encode(objects ...any) string {
	var docs []string
	for _, o := range objects {
		b, err := yaml.Marshal(o)
		if err != nil {
			panic(fmt.Sprintf("encode: %v; a generator yields what can be written", err))
		}
		docs = append(docs, string(b))
	}
	return strings.Join(docs, "---\n")
}
