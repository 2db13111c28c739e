package positioned

import (
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// What is decided without go-yaml is what go-yaml decides: for all short texts of the letters that words, numbers and
// dates are made of, and for longer ones.
func TestTagOf(t *testing.T) {
	same := func(s string) {
		n := yaml.Node{Kind: yaml.ScalarNode, Value: s}
		if want, have := n.ShortTag(), tagOf(s); want != have {
			require.Equal(t, want, have, "%q", s)
		}
	}
	const letters = "0179+-._:eExXobBaFgGimnkKMsTtZzyYNnfuUlLrRIO~<="
	var write func(s string, left int)
	write = func(s string, left int) {
		for i := range len(letters) {
			word := s + letters[i:i+1]
			if same(word); left > 1 {
				write(word, left-1)
			}
		}
	}
	write("", 3)
	for _, s := range []string{
		"true", "True", "TRUE", "tRue", "false", "False", "FALSE", "falsE", "null", "Null", "NULL", "nUll", "nulls", "truely",
		"yes", "no", "on", "off", "name",
		"type", "tcp", "nil", "nan", "inf", ".inf", "+.inf", "-.INF", ".NaN", "1.5Gi", "128Mi",
		"100m", "30s", "1e3m", "2001-12-14T21:59:43Z", "2001-12-14t21:59:43z", "2001-12-14", "2001-12-14T21:59:43+01:00",
		"0x1F", "0o17", "0b101", "-0b101", "1_000", "9223372036854775808", "18446744073709551616", "1e400", "10.0.0.1",
	} {
		same(s)
	}
}
