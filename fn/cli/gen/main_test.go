package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/fn/cli"
	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/report"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func TestReferenceIsCurrent(t *testing.T) {
	have, err := os.ReadFile("../../../docs/cli.md")
	require.NoError(t, err)
	require.Equal(
		t,
		string(writeReference(cli.Command())),
		string(have),
		"docs/cli.md is out of date; run: go generate ./fn/cli",
	)
}

// The pages of the patterns are current, and there are no others.
func TestPagesAreCurrent(t *testing.T) {
	const root = "../../.."
	pages, err := writePages(root)
	require.NoError(t, err)
	for _, key := range config.PatternKeys() {
		require.Contains(t, pages, key+".md")
	}
	files, err := os.ReadDir(filepath.Join(root, pagesDir))
	require.NoError(t, err)
	require.Len(t, files, len(pages), "run: go generate ./fn/cli")
	for name, want := range pages {
		have, err := os.ReadFile(filepath.Join(root, pagesDir, name))
		require.NoError(t, err)
		require.True(t, string(want) == string(have), "%s/%s is out of date; run: go generate ./fn/cli", pagesDir, name)
	}
}

// A page has each field of its pattern, an example of it, and what tests have it report.
func TestPages(t *testing.T) {
	pages, err := writePages("../../..")
	require.NoError(t, err)
	for _, key := range config.PatternKeys() {
		page := string(pages[key+".md"])
		require.Contains(t, page, "\n    - ", key)
		require.Regexp(t, `(?s)\n## Example\n.*\n`+"```diff"+`\n.*\n\+.*\nIn this example it adds:\n`, page)
		doc, err := config.Explain(key)
		require.NoError(t, err)
		for _, f := range doc.Fields {
			require.Contains(t, page, "\n| `"+f.Name+"` | ")
		}
		if key != "custom" { // which is applied as it's written
			require.Contains(t, page, "\n| error | `", "no case of pkg/rigtest/testdata makes %s report an error", key)
		}
	}
	require.Contains(t, string(pages["tlsProxy.md"]), "\n### certificate.issuerRef\n", "fields of fields have sections")
	require.Contains(t, string(pages["tlsProxy.md"]), "(#certificateissuerref)")
}

// What a description says of the default becomes a column of its own.
func TestCutDefault(t *testing.T) {
	for text, want := range map[string][2]string{
		"The pause. Default: 2.":                    {"The pause.", "`2`"},
		"The time. Default: as is. Required in A.":  {"The time. Required in A.", "as is"},
		"Key. Default: ca.crt.":                     {"Key.", "`ca.crt`"},
		"No default at all.":                        {"No default at all.", ""},
		"Names. Default: those of the pod, as in a": {"Names.", "those of the pod, as in a"},
	} {
		meaning, standard := cutDefault(text)
		require.Equal(t, want, [2]string{meaning, standard})
	}
}

// Long values of what is added are left out, and short ones aren't.
func TestShorten(t *testing.T) {
	block := "+spec:\n+  - name: a\n+    env:\n+      - name: A\n+        value: a\n+    args:\n" +
		"+      - 1\n+      - 2\n+      - 3\n+      - 4\n+    text: |\n+      one\n+    end: 1\n"
	want := "+spec:\n+  - name: a\n+    env:\n+      - name: A\n+        value: a\n+    args:\n+      ...\n" +
		"+    text: |\n+      ...\n+    end: 1\n"
	require.Equal(t, " a\n"+want+"...\n b\n", shorten(splitLines("@@ 1 @@\n a\n"+block+"@@ 2 @@\n b\n")))
}

// The reference has all fields of findings in JSON.
func TestFindingsAreDescribed(t *testing.T) {
	f := sidecar.Finding{Severity: sidecar.Error, Code: "c", Message: "m", Hint: "h", Sidecar: "s", Document: "d",
		Field: "f", File: "f", Line: 1, Object: sidecar.Ref{Group: "g", Kind: "k", Namespace: "n", Name: "n"}}
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(report.FormatFindings(sidecar.Findings{f}, report.JSON, "")), &all))
	require.Len(t, all[0], 10)
	for _, fields := range []map[string]any{all[0], all[0]["object"].(map[string]any)} {
		for field := range fields {
			require.Contains(t, aboutFindings, "`"+field+"`")
		}
	}
}
