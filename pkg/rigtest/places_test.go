package rigtest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/pkg/config"
	"github.com/outrigger-dev/outrigger/pkg/rig"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// Every finding of every case names a file and a line that the user has: also in files that have the work of an earlier
// run, which is taken off before.
func TestPlaces(t *testing.T) {
	n := 0
	for _, pattern := range []string{"testdata/*/config.yaml", "../../examples/traps/*/config.yaml"} {
		cases, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, cases)
		for _, name := range cases {
			dir := filepath.Dir(name)
			t.Run(filepath.Base(dir), func(t *testing.T) {
				conf, input := readFile(t, dir, "config.yaml"), readFile(t, dir, "input.yaml")
				parsed, fs := config.Read([]byte(conf), "config.yaml")
				texts := map[string]string{"config.yaml": conf, "input.yaml": input}
				if !fs.Failed() {
					out := rig.Run([]rig.File{{Name: "input.yaml", Text: input}}, parsed, rig.Options{InPlace: true})
					fs = append(fs, out.Findings...)
					if len(out.Texts) > 0 {
						again := out.Files()[0].Text
						out = rig.Run([]rig.File{{Name: "input.yaml", Text: again}}, parsed, rig.Options{InPlace: true})
						requirePlaces(t, out.Findings, map[string]string{"config.yaml": conf, "input.yaml": again})
					}
				}
				requirePlaces(t, fs, texts)
				n += len(fs)
			})
		}
	}
	require.Greater(t, n, 500, "there are findings to look at")
}

func requirePlaces(t *testing.T, fs sidecar.Findings, texts map[string]string) {
	t.Helper()
	for _, f := range fs {
		require.NotEmpty(t, f.File, f.String())
		lines := strings.Split(texts[f.File], "\n")
		require.True(t, f.Line > 0 && f.Line <= len(lines), f.String())
		require.NotRegexp(t, `^line \d+: `, f.Message)
		if f.File == "input.yaml" && strings.Contains(texts[f.File], "name: "+f.Object.Name+"\n") { // others are emitted
			require.Contains(t, strings.Join(objectAround(lines, f.Line), "\n"), f.Object.Kind, f.String())
		}
	}
}

// objectAround returns the lines of the document that has a line.
func objectAround(lines []string, line int) []string {
	from, to := line-1, line-1
	for from > 0 && lines[from] != "---" {
		from--
	}
	for to < len(lines) && (to == line-1 || lines[to] != "---") {
		to++
	}
	return lines[from:to]
}
