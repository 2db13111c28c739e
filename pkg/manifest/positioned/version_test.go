package positioned

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Documents of YAML 1.2 are read as those of 1.1; a text that only looks like a directive stays as it is.
func TestVersions(t *testing.T) {
	for text, value := range map[string]string{
		"%YAML 1.2\n---\na: b\n":                                "b",
		"\ufeff%YAML 1.2 # why\r\n# c\r\n---\r\na: b\r\n":       "b",
		"%YAML \t1.2\n---\na: b\n":                              "b",
		"%TAG !e! tag:example.com,2000:\n%YAML 1.2\n--- {a: b}": "b",
		"a: |\n  %YAML 1.2\n  ---\n":                            "%YAML 1.2\n---\n",
	} {
		docs, _, err := ReadDocuments(NewLines(text), 0, len(text))
		require.NoError(t, err, text)
		require.Len(t, docs, 1)
		require.Equal(t, value, docs[0].Field("a").Value)
	}
	text := "# c\n%YAML 2.0\n---\na: b\n"
	_, _, err := ReadDocuments(NewLines(text), 0, len(text))
	require.EqualError(t, err, "line 2: has a %YAML directive of a version other than 1.1 and 1.2")
}
