package sidecar

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/resource"
)

// What would take hours to read or to compare isn't a quantity, as a hash that looks like one.
func TestReadQuantityExponents(t *testing.T) {
	for text, fits := range map[string]bool{
		"1": true, "100m": true, "1e3": true, "1E18": true, "1Ei": true, "12E": true,
		"1e018": true, "9223372036854775807": true,
		"1e474031877": false, "1e-474031877": false, "0e474031877": false, "42e474032133": false, "word": false,
		strings.Repeat("0", 99) + "1": true, strings.Repeat("1", 101): false,
	} {
		_, ok := ReadQuantity(text)
		require.Equal(t, fits, ok, text)
		_, ok = ReadQuantity(json.Number(text))
		require.Equal(t, fits, ok, text)
	}
	same, isQuantity := CompareQuantity("42e474032133", "42e474032133")
	require.False(t, same || isQuantity, "texts are no quantities")
	same, isQuantity = CompareQuantity("1e474031877", resource.MustParse("1"))
	require.True(t, isQuantity && !same)
}
