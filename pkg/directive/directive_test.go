package directive

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Only a directive in front of a document has a version, and only that one changes.
func TestLowerVersions(t *testing.T) {
	for text, want := range map[string]string{
		"%YAML 1.2\n---\na: b\n":                  "%YAML 1.1\n---\na: b\n",
		"\ufeff%YAML \t1.2 # c\r\n# d\r\n---\r\n": "\ufeff%YAML \t1.1 # c\r\n# d\r\n---\r\n",
		"%TAG ! tag:x:\n%YAML 1.2\n--- {a: b}":    "%TAG ! tag:x:\n%YAML 1.1\n--- {a: b}",
		"%YAML 2.0\n---\n":                        "%YAML 2.0\n---\n",
		"%YAML1.2\n---\n":                         "%YAML1.2\n---\n",
		"--- |\n  %YAML 1.2\n---\n":               "--- |\n  %YAML 1.2\n---\n",
		"%YAML 1.2\na: b\n":                       "%YAML 1.2\na: b\n",
		"":                                        "",
	} {
		require.Equal(t, want, LowerVersions(text))
	}
}
